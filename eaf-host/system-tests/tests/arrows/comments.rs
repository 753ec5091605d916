//! Comments of a source file, found by a simple reader of Rust, WIT, TypeScript, Go, SQL, Python,
//! TOML, makefiles and shell scripts; and paragraphs of a Markdown file.
//!
//! The reader does not parse strings: a marker counts at the start of a line, in most languages
//! also between spaces.

/// Consecutive comment lines of one kind.
pub struct Block<'a> {
    /// Number of the first line, from 1.
    pub start: usize,
    /// Lines that contain nothing but the comment, with indentation and marker.
    pub lines: Vec<&'a str>,
    /// Text of each line without its markers.
    texts: Vec<&'a str>,
}

impl Block<'_> {
    /// Text in lower case without code spans, since code may contain any name.
    pub fn text(&self) -> String {
        let text = self.texts.join(" ").to_lowercase();
        text.split('`').step_by(2).collect::<Vec<_>>().join("`")
    }
}

struct Syntax {
    /// Markers of a comment at the start of a line, longest first.
    lines: &'static [&'static str],
    /// Marker of a comment after code on the same line; `None`: such comments are not read.
    trailing: Option<&'static str>,
    /// Pairs of markers between which several lines are a comment.
    pairs: &'static [(&'static str, &'static str)],
}

fn syntax(path: &str, text: &str) -> Syntax {
    match path.rsplit('.').next() {
        Some("sql") => Syntax { lines: &["--"], trailing: Some(" -- "), pairs: &[] },
        Some("ts" | "tsx") => Syntax { lines: &["//"], trailing: Some(" // "), pairs: &[("/*", "*/"), ("{/*", "*/")] },
        Some("go") => Syntax { lines: &["//"], trailing: Some(" // "), pairs: &[("/*", "*/")] },
        Some("py") => Syntax { lines: &["#"], trailing: Some(" # "), pairs: &[("\"\"\"", "\"\"\"")] },
        Some("toml" | "sh") => Syntax { lines: &["#"], trailing: Some(" # "), pairs: &[] },
        _ if text.starts_with("#!") || path.ends_with("Makefile") => {
            Syntax { lines: &["#"], trailing: Some(" # "), pairs: &[] }
        }
        _ => Syntax { lines: &["///", "//!", "//"], trailing: None, pairs: &[] },
    }
}

/// Marker with which a line is a comment, and the marker that must still follow to close it.
/// `None`: the line is code. `open` is the marker that must follow from an earlier line.
fn kind(line: &str, syntax: &Syntax, open: Option<&'static str>) -> (Option<&'static str>, Option<&'static str>) {
    let line = line.trim_start();
    let unclosed = |rest: &str, close: &'static str| Some(close).filter(|close| !rest.contains(*close));
    if let Some(close) = open {
        return (Some(close), unclosed(line, close));
    }
    for (start, close) in syntax.pairs {
        if let Some(rest) = line.strip_prefix(*start) {
            return (Some(*start), unclosed(rest, close));
        }
    }
    // The interpreter of a script is no comment.
    let marker = syntax.lines.iter().find(|marker| line.starts_with(**marker) && !line.starts_with("#!"));
    (marker.copied(), None)
}

fn content(line: &str) -> &str {
    let text = line.trim().trim_start_matches(['{', '/', '*', '!', '-', '#', '"']);
    text.trim_end_matches(['}', '/', '*', '"']).trim()
}

/// Comment blocks of a file. The ending of `path`, or the first line of a script, says in which
/// language the file is.
pub fn blocks<'a>(path: &str, text: &'a str) -> Vec<Block<'a>> {
    let syntax = syntax(path, text);
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let (mut previous, mut open) = (None, None);
    for (index, line) in text.lines().enumerate() {
        let was_open = open.is_some();
        let (present, unclosed) = kind(line, &syntax, open);
        let is_pair = syntax.pairs.iter().any(|(start, _)| present == Some(*start));
        let is_continued = was_open || present == previous && !is_pair;
        match (present, blocks.last_mut()) {
            (Some(_), Some(block)) if is_continued => {
                block.lines.push(line);
                block.texts.push(content(line));
            }
            (Some(_), _) => {
                blocks.push(Block { start: index + 1, lines: vec![line], texts: vec![content(line)] });
            }
            (None, _) => {
                let after_code = syntax.trailing.and_then(|marker| line.split_once(marker));
                blocks.extend(after_code.map(|(_, text)| Block {
                    start: index + 1,
                    lines: Vec::new(),
                    texts: vec![text],
                }));
            }
        }
        (open, previous) = (unclosed, present);
    }
    blocks
}

/// Paragraphs of a Markdown file, without code between fences.
pub fn paragraphs(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let (mut is_code, mut is_inside) = (false, false);
    for (index, line) in text.lines().enumerate() {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        let is_text = !is_code && !is_fence && !line.trim().is_empty();
        match blocks.last_mut() {
            Some(block) if is_text && is_inside => {
                block.lines.push(line);
                block.texts.push(line.trim());
            }
            _ if is_text => blocks.push(Block { start: index + 1, lines: vec![line], texts: vec![line.trim()] }),
            _ => {}
        }
        is_inside = is_text;
    }
    blocks
}

#[test]
fn comments_of_each_syntax_are_found() {
    let found = |path: &str, text: &str| blocks(path, text).iter().map(Block::text).collect::<Vec<_>>();
    assert_eq!(found("x.rs", "//! One\n//! two.\n\n/// `Three`.\nlet x = 1; // no"), ["one two.", "`."]);
    assert_eq!(found("x.sql", "-- One\n--   two\nselect 1 -- three\n'--'"), ["one two", "three"]);
    let script = "/** One. */\n/**\n * Two\n * three.\n */\n  {/* Four. */}\na('http://b'); // five\n// Six\n// seven";
    assert_eq!(found("x.tsx", script), ["one.", " two three. ", "four.", "five", "six seven"]);
    assert_eq!(
        found("x.go", "// x is\n// one.\nvar x = 1 // two\n/* Three.\nFour. */\nvar y int"),
        ["x is one.", "two", "three. four."]
    );
    assert_eq!(
        found("x.py", "\"\"\"One.\n\nTwo.\n\"\"\"\nx = 1  # three\n\"\"\"Four.\"\"\"\n# Five"),
        ["one.  two. ", "three", "four.", "five"]
    );
    assert_eq!(found("x.toml", "# One\n# two\na = \"#b\" # three"), ["one two", "three"]);
    assert_eq!(found("bin/x", "#!/bin/sh\n# One\necho \"${#x}\""), ["one"]);
}

#[test]
fn paragraphs_of_markdown_are_found_without_code() {
    let found: Vec<String> =
        paragraphs("# One\n\nTwo\nthree.\n```\ncode\n```\nFour `code`").iter().map(Block::text).collect();
    assert_eq!(found, ["# one", "two three.", "four `"]);
}
