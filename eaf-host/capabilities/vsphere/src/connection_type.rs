//! Form of the settings of a vCenter connection, as an admin enters them.

use eaf_capability::connection_type::{is_certificate, text};
use eaf_capability::text::Locales;
use eaf_capability::{ConnectionType, Field, Input, Violation};
use serde_json::{Value, json};
use std::sync::LazyLock;

static TEXTS: LazyLock<Locales> = LazyLock::new(|| {
    Locales::load(include_str!("connection_texts/de.toml"), include_str!("connection_texts/en.toml"))
        .expect("the built-in texts are whole; a test holds it")
});

const FIELDS: &[Field] = &[
    Field::text("url"),
    Field::text("username"),
    Field::text("datacenter"),
    Field::text("folder"),
    Field::text("resource_pool").optional(),
    Field::text("datastore").optional(),
    Field::new("ca_certificate", Input::Certificate).optional(),
];

pub fn connection_type() -> ConnectionType {
    ConnectionType {
        config: json!({
            "type": "object",
            "required": ["url", "datacenter", "folder", "username"],
            "additionalProperties": false,
            "properties": {
                "url": text(),
                "datacenter": text(),
                "folder": text(),
                "resource_pool": { "type": ["string", "null"], "maxLength": 1_000 },
                "datastore": { "type": ["string", "null"], "maxLength": 1_000 },
                "ca_certificate": { "type": ["string", "null"], "maxLength": 100_000 },
                "username": text(),
            },
        }),
        secret: json!({
            "type": "object",
            "required": ["password"],
            "additionalProperties": false,
            "properties": { "password": { "type": "string", "minLength": 1, "maxLength": 1_000 } },
        }),
        non_routing_fields: &["datacenter", "folder", "resource_pool", "datastore"],
        choices: &["datacenter", "folder", "resource_pool", "datastore", "template"],
        fields: FIELDS,
        texts: &TEXTS,
        validate: |config, _| {
            let url = config["url"].as_str().is_some_and(is_address);
            let certificate = config.get("ca_certificate").and_then(Value::as_str);
            let certificate = certificate.filter(|pem| !pem.trim().is_empty()).is_none_or(is_certificate);
            [(url, "/config/url", "https"), (certificate, "/config/ca_certificate", "format")]
                .into_iter()
                .filter(|(holds, ..)| !holds)
                .map(|(_, pointer, code)| Violation { pointer, code })
                .collect()
        },
    }
}

/// Whether the text is the address of a vCenter: an `https` URL with a host, such as
/// `https://vcenter.example/sdk`, or an address from a browser. A URL with a user name, password,
/// query or fragment is refused, because people see the address.
pub fn is_address(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| {
        let bare = url.username().is_empty() && url.password().is_none();
        url.scheme() == "https" && url.has_host() && bare && url.query().is_none() && url.fragment().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Settings;
    use eaf_capability::connection_type::assert_form;

    #[test]
    fn the_form_and_its_texts_are_complete() {
        assert_form(&connection_type(), &["connection", "vcenter", "templates"]);
    }

    #[test]
    fn an_address_is_https_without_credentials() {
        for good in ["https://vcenter.example/sdk", "https://localhost:8989/sdk", "https://[::1]/sdk", "https://a/ui/"]
        {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "http://vcenter.example/sdk",
            "https://root:canary@vcenter.example/sdk",
            "https://root@vcenter.example/sdk",
            "https://:canary@vcenter.example/sdk",
            "https://vcenter.example/sdk?password=canary",
            "https://vcenter.example/sdk#canary",
            "vcenter.example",
            "file:///sdk",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn the_provider_reads_all_that_the_schema_allows() {
        let schema = jsonschema::validator_for(&connection_type().config).unwrap();
        let least = json!({"url": "https://a/sdk", "datacenter": "DC1", "folder": "EAF", "username": "root"});
        let mut most = least.clone();
        for name in ["resource_pool", "datastore", "ca_certificate"] {
            most[name] = json!("x");
        }
        for config in [least, most.clone()] {
            assert!(schema.is_valid(&config));
            serde_json::from_value::<Settings>(config).unwrap();
        }
        most["password"] = json!("canary");
        assert!(!schema.is_valid(&most) && serde_json::from_value::<Settings>(most).is_err());
    }

    #[test]
    fn an_invalid_certificate_is_an_error() {
        let config = json!({"url": "https://a/sdk", "ca_certificate": "-----BEGIN NOTHING-----"});
        let expected = vec![Violation { pointer: "/config/ca_certificate", code: "format" }];
        assert_eq!((connection_type().validate)(&config, None), expected);
    }
}
