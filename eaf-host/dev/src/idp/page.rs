//! Pages of the identity provider, in German and English at once, because the person's language is
//! unknown.

use super::accounts::{self, ACCOUNTS, Account, NEWCOMER};
use openidconnect::url::form_urlencoded;

const STYLE: &str = "\
    :root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--line:#d9dde3;--text:#1c2430;--quiet:#5a6472;--accent:#2459c9}\
    @media(prefers-color-scheme:dark){:root{--page:#14181f;--card:#1d232c;--line:#343c48;--text:#e8ebf0;--quiet:#9aa5b4;--accent:#7ea6ff}}\
    body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;color:var(--text);background:var(--page)}\
    h1{font-size:1.4rem}h2{font-size:1rem;margin:2rem 0 .5rem;color:var(--quiet)}ul{list-style:none;margin:0;padding:0}\
    a{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem;padding:.7rem 1rem;margin:.3rem 0;border-radius:8px;\
    background:var(--card);border:1px solid var(--line);color:inherit;text-decoration:none}\
    a:hover{border-color:var(--accent)}a:focus-visible{outline:3px solid var(--accent);outline-offset:1px}small{color:var(--quiet)}";

/// Page to choose a person. Each link repeats `query`, the query of the client's authorization
/// request, with the account added.
pub fn pick(query: &str) -> String {
    let mut groups: Vec<(&str, Vec<&Account>)> = Vec::new();
    for account in accounts::all() {
        let group = account.tenant.unwrap_or("platform");
        match groups.iter_mut().find(|(name, _)| *name == group) {
            Some((_, members)) => members.push(account),
            None => groups.push((group, vec![account])),
        }
    }
    let sections: String = groups.iter().map(|(name, members)| section(query, name, members)).collect();
    frame(
        "Sign in · Anmelden",
        &format!(
            "<h1>Who are you? · <span lang=\"de\">Wer sind Sie?</span></h1>\
             <p><small>Development sign-in: no passwords. · <span lang=\"de\">Anmeldung für die Entwicklung: ohne Passwort.\
             </span></small></p>{sections}"
        ),
    )
}

pub fn signed_out() -> String {
    let body = "<h1>Signed out · <span lang=\"de\">Abgemeldet</span></h1>\
                <p>You can close this page. · <span lang=\"de\">Sie können diese Seite schließen.</span></p>";
    frame("Signed out · Abgemeldet", body)
}

fn section(query: &str, name: &str, members: &[&Account]) -> String {
    let links: String = members.iter().map(|account| link(query, account)).collect();
    format!("<section aria-labelledby=\"{name}\"><h2 id=\"{name}\">{name}</h2><ul>{links}</ul></section>")
}

fn link(query: &str, account: &Account) -> String {
    let target = form_urlencoded::Serializer::new(query.to_string()).append_pair("account", account.name).finish();
    let focus = if std::ptr::eq(account, &ACCOUNTS[0]) { " autofocus" } else { "" };
    format!(
        "<li><a href=\"/authorize?{}\"{focus}><span>{}</span><small>{} · {}</small></a></li>",
        escape(&target),
        escape(&account.display_name()),
        role(account.role),
        account.name
    )
}

fn role(name: &str) -> &str {
    match name {
        "requester" => "requests · <span lang=\"de\">fordert an</span>",
        "approver" => "approves · <span lang=\"de\">genehmigt</span>",
        "admin" => "administers · <span lang=\"de\">verwaltet</span>",
        "auditor" => "audits · <span lang=\"de\">prüft</span>",
        NEWCOMER => "no member yet · <span lang=\"de\">noch kein Mitglied</span>",
        "operator" => "runs the platform · <span lang=\"de\">betreibt die Plattform</span>",
        other => other,
    }
}

fn frame(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
