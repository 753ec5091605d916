//! Reference of all settings, committed as `deploy/configuration.md`.

use super::key::{Default, Kind};
use super::{SECTIONS, deployment};
use std::fmt::Write;

pub fn markdown() -> String {
    let mut page = String::from(
        "# Configuration of `eaf serve`\n\n\
         <!-- Generated: `eaf config reference > deploy/configuration.md` (or `make reference`). -->\n\n\
         Settings come from an optional TOML file (`eaf serve --config FILE` or `EAF_CONFIG`) and from variables, which have priority. In the\n\
         file, `http.listen` stands as `listen` in the section `[http]`. Unknown keys and unknown `EAF_*` variables are errors, unless\n\
         `EAF_IGNORE` lists them, separated by commas: those of other programs. A secret is never in that file: it is in its\n\
         variable, or in a file that the variable with `_FILE` at the end names.\n",
    );
    for section in SECTIONS {
        let _infallible = write!(
            page,
            "\n## {}\n\n{}\n\n| Variable | In the file | Default | |\n|---|---|---|---|\n",
            section.title, section.about
        );
        for key in section.keys {
            let variable = match key.kind {
                Kind::Plain => format!("`{}`", key.variable),
                Kind::Secret => format!("`{0}`, `{0}_FILE`", key.variable),
            };
            let name = match key.kind {
                Kind::Plain => format!("`{}`", key.name),
                Kind::Secret => "—".to_string(),
            };
            let default = match key.default {
                Default::Required => "required".to_string(),
                Default::Absent => "absent".to_string(),
                Default::Is(text) => format!("`{text}`"),
            };
            let _infallible = writeln!(page, "| {variable} | {name} | {default} | {} |", key.about);
        }
    }
    add_deployment(&mut page);
    page
}

fn add_deployment(page: &mut String) {
    page.push_str(
        "\n## Variables of a deployment\n\n\
         Another form of the addresses of the database and of the provider's settings, with the names that deployments commonly\n\
         have. `eaf db bootstrap` creates EAF's roles. The client of Keycloak needs the mappers of `docs/guides/sign-in.md`.\n\n\
         | Variable | |\n|---|---|\n",
    );
    for deployment::Variable { name, is_secret, about } in deployment::VARIABLES {
        let file = if *is_secret { format!(", `{name}_FILE`") } else { String::new() };
        let _infallible = writeln!(page, "| `{name}`{file} | {about} |");
    }
}
