//! Comments of a source file, found by a simple reader of Rust, WIT, TypeScript and SQL.
//!
//! The reader does not parse strings: a marker counts at the start of a line, in TypeScript and SQL
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
    /// Whether `/* */` is a comment in this language.
    is_block: bool,
}

fn syntax(path: &str) -> Syntax {
    match path.rsplit('.').next() {
        Some("sql") => Syntax { lines: &["--"], trailing: Some(" -- "), is_block: false },
        Some("ts" | "tsx") => Syntax { lines: &["//"], trailing: Some(" // "), is_block: true },
        _ => Syntax { lines: &["///", "//!", "//"], trailing: None, is_block: false },
    }
}

/// Kind of the comment that a line contains, given by the marker; `None` if the line is code.
fn kind(line: &str, syntax: &Syntax, is_open: bool) -> Option<&'static str> {
    let line = line.trim_start();
    if is_open {
        return Some("*");
    }
    if syntax.is_block && (line.starts_with("/*") || line.starts_with("{/*")) {
        return Some("/*");
    }
    syntax.lines.iter().find(|marker| line.starts_with(**marker)).copied()
}

fn content(line: &str) -> &str {
    let text = line.trim().trim_start_matches(['{', '/', '*', '!', '-']);
    text.trim_end_matches(['}', '/', '*']).trim()
}

/// Comment blocks of a file. The ending of `path` says in which language the file is.
pub fn blocks<'a>(path: &str, text: &'a str) -> Vec<Block<'a>> {
    let syntax = syntax(path);
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let (mut previous, mut is_open) = (None, false);
    for (index, line) in text.lines().enumerate() {
        let present = kind(line, &syntax, is_open);
        let is_continued = is_open || present == previous && present != Some("/*");
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
        is_open = matches!(present, Some("/*" | "*")) && !line.contains("*/");
        previous = present;
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
}
