//! Inline styles of HTML mails, which all mail programs support.
//!
//! GMX, Gmail with external accounts and mail gateways remove `<style>`, so every element has a
//! `style` attribute. Classic Outlook ignores the padding of a link, because it renders with Word's
//! engine; a button is therefore a table cell.

/// Accent colour of the web client, as in `web/src/shell/ui/tokens.css`.
const ACCENT: &str = "#00617a";

/// Inline styles by CSS class. The class attributes stay in the mail, because the colours for dark
/// mode refer to them.
const CLASSES: [(&str, &str); 5] = [
    ("lead", "margin:0 0 16px;font-size:20px;line-height:1.35;font-weight:600"),
    ("facts", "margin:0 0 20px;border-collapse:collapse"),
    ("quote", "margin:0 0 20px;padding:2px 0 2px 16px;border-left:3px solid #c9ced6"),
    ("small", "margin:0 0 16px;font-size:13px;color:#4c565c"),
    ("code", "font-family:Menlo,Consolas,monospace;font-size:13px"),
];

/// Inline styles of HTML elements without a class.
const ELEMENTS: [(&str, &str); 3] = [
    ("<p>", "margin:0 0 16px"),
    ("<th scope=\"row\">", "padding:4px 24px 4px 0;text-align:left;vertical-align:top;font-weight:400;color:#4c565c"),
    ("<td>", "padding:4px 0;vertical-align:top"),
];

const BUTTON: &str = "<a class=\"button\"";

/// Adds inline styles to the HTML of a package's mail template.
pub fn styled(source: &str) -> String {
    let mut html = buttons(source);
    for (class, style) in CLASSES {
        html = html.replace(&format!("class=\"{class}\""), &format!("class=\"{class}\" style=\"{style}\""));
    }
    for (element, style) in ELEMENTS {
        let open = element.trim_end_matches('>');
        html = html.replace(element, &format!("{open} style=\"{style}\">"));
    }
    html
}

/// Replaces each button, with the paragraph around it, by a table, because a paragraph cannot
/// contain a table.
fn buttons(source: &str) -> String {
    let source = source.replace(&format!("<p>{BUTTON}"), BUTTON);
    let mut html = String::with_capacity(source.len() * 2);
    let mut rest = source.as_str();
    while let Some((before, after)) = rest.split_once(BUTTON) {
        let Some((link, after)) = after.split_once("</a>") else { break };
        html.push_str(before);
        html.push_str(&format!(
            "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"margin:0 0 20px\"><tr>\
             <td class=\"button\" bgcolor=\"{ACCENT}\" style=\"padding:10px 20px;background-color:{ACCENT};border-radius:6px\">\
             {BUTTON} style=\"color:#ffffff;font-weight:600;text-decoration:none\"{link}</a></td></tr></table>"
        ));
        rest = after.strip_prefix("</p>").unwrap_or(after);
    }
    html.push_str(rest);
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_is_a_cell_of_a_table_and_its_link_stays_one() {
        let html = styled("<p><a class=\"button\" href=\"{{ link('x') }}\">Go</a></p><p>after</p>");
        assert!(html.contains("bgcolor=\"#00617a\""), "{html}");
        assert!(!html.contains("<p><table") && html.contains("<p style=\"margin:0 0 16px\">after</p>"), "{html}");
        let html = styled("<p><a class=\"button\" href=\"https://a.example\">Go</a></p>");
        assert_eq!(html.matches("<a ").count(), 1, "{html}");
        assert!(html.ends_with("href=\"https://a.example\">Go</a></td></tr></table>"), "{html}");
    }

    #[test]
    fn every_class_that_a_mail_may_use_has_its_style_in_place() {
        for class in ["lead", "facts", "quote", "small", "code"] {
            let html = styled(&format!("<p class=\"{class}\">x</p>"));
            assert!(html.contains(&format!("class=\"{class}\" style=\"")), "{html}");
        }
        assert!(styled("<p>x</p><tr><th scope=\"row\">a</th><td>b</td></tr>").matches("style=").count() == 3);
    }
}
