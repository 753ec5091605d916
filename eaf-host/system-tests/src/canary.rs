//! Search for canaries: words that tests enter and that occur nowhere else.
//!
//! At the end of every test [`search`] verifies that passwords and tokens are stored nowhere, and
//! that personal data is in clear only in view rows and in answers to people who may read it.

use crate::system::{CLIENT_SECRET, System};
use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use eaf_dev::idp::accounts::ACCOUNTS;
use eaf_test_support::vcsim;
use std::collections::BTreeSet;
use std::sync::Mutex;

/// Wrong password that a test enters in a password field.
pub const WRONG_PASSWORD: &str = "canary <&\"'%> that vCenter refuses";
pub const MAIL_PASSWORD: &str = "canary <&\"'%> of the mail server";
/// Password that a test enters in a field for other text.
pub const MISPLACED_PASSWORD: &str = "canary-in-the-wrong-place";

/// Personal data of acme's people: the justification in [`system::wish`](crate::system::wish), and
/// the reason of a rejection.
pub const JUSTIFICATION: &str = "Zaphod <Beeblebrox> asks: the shop needs a second front end.";
pub const REASON: &str = "Trillian says: \"please use the existing front end.\"";
/// Justification of the approver's own request, which requesters may not read.
pub const APPROVERS_JUSTIFICATION: &str = "Slartibartfast wants a fjord of his own.";
pub const FOREIGN_JUSTIFICATION: &str = "Marvin of globex is in need of a machine.";
/// Mail address of a person whom the admin of acme invites.
pub const INVITED: &str = "arthur.dent@acme.example";
/// Value in HTTP requests that the host refuses; only the answer to the sender may contain this
/// value.
pub const REFUSED: &str = "Ford.Prefect";

const REQUESTER: &str = "requester@acme";
const DECIDERS: [&str; 3] = ["approver@acme", "admin@acme", "auditor@acme"];

/// Minimum length of a pattern, in bytes. A shorter pattern could occur in ciphertext by chance.
const LONG_ENOUGH: usize = 6;

/// Word that is personal data, and the accounts that may read it.
struct Personal {
    word: String,
    readers: Vec<&'static str>,
}

fn personal() -> Vec<Personal> {
    let of = |word: &str, readers: &[&'static str]| Personal { word: word.to_owned(), readers: readers.to_vec() };
    let and_requester = [&DECIDERS[..], &[REQUESTER]].concat();
    let mut all = vec![
        of(JUSTIFICATION, &and_requester),
        of(REASON, &and_requester),
        of(APPROVERS_JUSTIFICATION, &DECIDERS),
        of(FOREIGN_JUSTIFICATION, &["requester@globex", "approver@globex", "admin@globex", "auditor@globex"]),
        of(INVITED, &["admin@acme"]),
        of(REFUSED, &[]),
    ];
    for account in ACCOUNTS {
        // Names are visible to the members of the person's tenant, who can name one another as
        // deputy. A mail address is visible only to the person and to the admins of the person's
        // tenant, who manage its members.
        let may = |other: &&eaf_dev::idp::accounts::Account| other.tenant == account.tenant;
        let readers: Vec<&str> = ACCOUNTS.iter().filter(may).map(|other| other.name).collect();
        all.push(of(&account.display_name(), &readers));
        if account.family_name.len() >= LONG_ENOUGH {
            all.push(of(account.family_name, &readers));
        }
        let knows_address = |other: &&eaf_dev::idp::accounts::Account| {
            other.name == account.name
                || account.tenant.is_some() && other.tenant == account.tenant && other.role == "admin"
        };
        let readers: Vec<&str> = ACCOUNTS.iter().filter(knows_address).map(|other| other.name).collect();
        all.push(of(account.email, &readers));
        if account.tenant.is_some() {
            all.push(of(account.name, &[account.name]));
        }
    }
    all
}

/// Answers that people got over HTTP, and their tokens, for the search.
#[derive(Default)]
pub struct Heard {
    answers: Mutex<BTreeSet<Exchange>>,
    tokens: Mutex<BTreeSet<String>>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exchange {
    /// Account of the token; `None` for a token that the host does not accept.
    pub account: Option<&'static str>,
    pub asked: String,
    pub answer: String,
}

impl Heard {
    pub fn remember(&self, account: Option<&'static str>, asked: String, answer: String) {
        self.answers.lock().unwrap().insert(Exchange { account, asked, answer });
    }

    pub fn token(&self, token: &str) {
        self.tokens.lock().unwrap().insert(token.to_owned());
    }
}

/// Occurrence of a word at a place where it is forbidden.
#[derive(Debug)]
pub struct Found {
    pub word: String,
    pub place: String,
    /// Text around the occurrence, to find its origin.
    pub around: String,
}

/// Readers of a place, who decide which words may be in it.
enum Audience<'a> {
    /// A thief of the stored data and logs, who must find no personal data in clear.
    Thief,
    /// Members of the tenant. The place may contain personal data in clear, because each member
    /// reads it by rules of their own; the answers to each member are searched by these rules.
    Readers,
    /// Receiver of one answer or mail: an account, or `None` for an unauthenticated caller or a
    /// person without one. The answer may also contain the words of the caller's own request,
    /// `asked`, and a mail its recipient's address.
    Recipient { account: Option<&'a str>, asked: &'a str },
}

pub async fn search(system: &System) -> Vec<Found> {
    let needles = Needles::new(system);
    let mut found = Vec::new();
    for (table, rows) in system.database.dump().await {
        let audience = if table.starts_with("eaf_view.") { Audience::Readers } else { Audience::Thief };
        needles.search(&format!("table {table}"), &rows, audience, &mut found);
    }
    for (what, text) in system.database.opened(&system.core().await).await {
        needles.search(&what, &text, Audience::Readers, &mut found);
    }
    for span in system.collector.spans() {
        needles.search("a trace", &format!("{span:?}"), Audience::Thief, &mut found);
    }
    needles.search("the host's log", &system.logs(), Audience::Thief, &mut found);
    for mail in system.mail.inbox().await {
        let to = mail.to[0].address.clone();
        let account = ACCOUNTS.iter().find(|account| account.email == to).map(|account| account.name);
        let source = system.mail.source(&mail).await;
        let text = format!("{}\n{}\n{}\n{source}", mail.subject, mail.text, mail.html);
        needles.search(&format!("mail to {to}"), &text, Audience::Recipient { account, asked: &to }, &mut found);
    }
    for Exchange { account, asked, answer } in system.heard.answers.lock().unwrap().iter() {
        let place = format!("answer to {}: {asked}", account.unwrap_or("no account"));
        needles.search(&place, answer, Audience::Recipient { account: *account, asked }, &mut found);
    }
    found
}

/// Words that the search looks for, with a pattern for each encoding of each word.
struct Needles {
    words: Vec<Word>,
    /// Index of the word to which each pattern of the automaton belongs.
    writes: Vec<usize>,
    automaton: AhoCorasick,
}

enum Word {
    Secret(String),
    Personal(Personal),
}

impl Word {
    fn text(&self) -> &str {
        match self {
            Word::Secret(word) | Word::Personal(Personal { word, .. }) => word,
        }
    }

    fn is_permitted(&self, audience: &Audience) -> bool {
        match (self, audience) {
            (Word::Secret(_), _) | (_, Audience::Thief) => false,
            (_, Audience::Readers) => true,
            (Word::Personal(personal), Audience::Recipient { account, asked }) => {
                account.is_some_and(|account| personal.readers.contains(&account)) || asked.contains(&personal.word)
            }
        }
    }
}

impl Needles {
    fn new(system: &System) -> Needles {
        let typed = [CLIENT_SECRET, vcsim::PASSWORD, WRONG_PASSWORD, MAIL_PASSWORD, MISPLACED_PASSWORD];
        let mut secrets: Vec<String> = typed.map(str::to_owned).to_vec();
        secrets.extend(system.secrets());
        secrets.extend(system.heard.tokens.lock().unwrap().iter().cloned());
        Needles::of(secrets, personal())
    }

    fn of(secrets: Vec<String>, personal: Vec<Personal>) -> Needles {
        let words: Vec<Word> =
            secrets.into_iter().map(Word::Secret).chain(personal.into_iter().map(Word::Personal)).collect();
        let mut patterns = Vec::new();
        let mut writes = Vec::new();
        for (number, word) in words.iter().enumerate() {
            let ways = ways_to_write(word.text());
            writes.extend(ways.iter().map(|_| number));
            patterns.extend(ways);
        }
        Needles { words, writes, automaton: AhoCorasick::new(patterns).unwrap() }
    }

    fn search(&self, place: &str, text: &str, audience: Audience, found: &mut Vec<Found>) {
        let mut seen = BTreeSet::new();
        for hit in self.automaton.find_overlapping_iter(text) {
            let number = self.writes[hit.pattern().as_usize()];
            let word = &self.words[number];
            if !word.is_permitted(&audience) && seen.insert(number) {
                found.push(Found::new(word.text(), place, text, hit.start(), hit.end()));
            }
        }
        // Tokens are found by their shape, also those that the test does not know.
        if let Some(at) = text.match_indices("eyJ").map(|(at, _)| at).find(|at| is_token(&text[*at..])) {
            found.push(Found::new("a token", place, text, at, at + 3));
        }
    }
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {}: … {} …", self.word, self.place, self.around)
    }
}

impl Found {
    fn new(word: &str, place: &str, text: &str, start: usize, end: usize) -> Found {
        let from = text.floor_char_boundary(start.saturating_sub(80));
        let to = text.ceil_char_boundary((end + 80).min(text.len()));
        Found { word: word.to_owned(), place: place.chars().take(200).collect(), around: text[from..to].to_owned() }
    }
}

/// Recognizes a JWT: three parts of base64url, of which the first begins a JSON object.
fn is_token(text: &str) -> bool {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)).unwrap_or(text.len());
    let mut parts = text[..end].split('.');
    parts.next().is_some_and(|head| head.len() > 15) && parts.next().is_some_and(|body| body.len() > 15)
}

/// Encodings of a word: plain, JSON, XML, URL, base64 at each alignment, hex and PostgreSQL's
/// escapes.
fn ways_to_write(word: &str) -> BTreeSet<String> {
    let json = |text: &str| {
        let quoted = serde_json::to_string(text).unwrap();
        quoted[1..quoted.len() - 1].to_owned()
    };
    let all_bytes = |keep: &dyn Fn(u8) -> bool, write: &dyn Fn(u8) -> String| -> String {
        word.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { write(byte) }).collect()
    };
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let percent = all_bytes(&bare, &|byte| format!("%{byte:02X}"));
    let mut ways = BTreeSet::from([
        word.to_owned(),
        json(word),
        json(&json(word)),
        json(word).chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", c as u32) }).collect(),
        percent.replace("%20", "+"),
        percent.to_lowercase(),
        percent,
        all_bytes(&|byte| byte.is_ascii() && byte != b'=', &|byte| format!("={byte:02X}")),
        all_bytes(&|byte| (32..127).contains(&byte) && byte != b'\\', &|byte| format!("\\{byte:03o}")),
        word.bytes().map(|byte| format!("{byte:02x}")).collect(),
    ]);
    for quotes in [("&quot;", "&apos;"), ("\"", "'"), ("&#34;", "&#39;"), ("&quot;", "&#x27;")] {
        let escaped = word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        ways.insert(escaped.replace('"', quotes.0).replace('\'', quotes.1));
    }
    for shift in (0..3).filter(|_| word.len() >= LONG_ENOUGH + 2) {
        // The first and the last character of base64 also encode bits of the adjacent text.
        let padded = [vec![b'x'; shift], word.as_bytes().to_vec()].concat();
        let (skip, drop) = ([0, 2, 3][shift], usize::from(padded.len() % 3 != 0));
        for text in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            ways.insert(text[skip..text.len() - drop].to_owned());
        }
    }
    ways
}

#[test]
fn a_word_is_found_in_every_encoding() {
    let word = "p<ß &\"'%=\\> d";
    let needles = Needles::of(vec![word.to_owned()], Vec::new());
    assert!(word.len() >= LONG_ENOUGH + 2);
    let value = serde_json::json!({ "field": word });
    for written in [
        word.to_owned(),
        value.to_string(),
        serde_json::json!({ "body": value.to_string() }).to_string(),
        format!("{word:?}"),
        "p%3C%C3%9F%20%26%22%27%25%3D%5C%3E%20d".to_owned(),
        "p%3c%c3%9f%20%26%22%27%25%3d%5c%3e%20d".to_owned(),
        "p%3C%C3%9F+%26%22%27%25%3D%5C%3E+d".to_owned(),
        "p&lt;ß &amp;&quot;&apos;%=\\&gt; d".to_owned(),
        "p<=C3=9F &\"'%=3D\\> d".to_owned(),
        r#"p<\303\237 &"'%=\134> d"#.to_owned(),
        STANDARD_NO_PAD.encode(format!("\0user\0{word}")),
        STANDARD_NO_PAD.encode(format!("user:{word} and more")),
        URL_SAFE_NO_PAD.encode(format!("\0users\0{word}")),
        word.bytes().map(|byte| format!("{byte:02x}")).collect(),
    ] {
        let mut found = Vec::new();
        needles.search("here", &written, Audience::Readers, &mut found);
        assert!(!found.is_empty(), "not found in {written}");
    }
    let mut found = Vec::new();
    needles.search("here", "p<ss &\"'%> d", Audience::Thief, &mut found);
    assert!(found.is_empty(), "{found:?}");
}
