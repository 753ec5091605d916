//! Browser of one person, which keeps cookies, follows redirects between the host and the identity
//! provider, and sends the headers of a navigation.
//!
//! The browser connects to the address on which the host listens when it is asked for the host's
//! public address, as if an ingress were between them.

use crate::person::Answer;
use crate::system::System;
use reqwest::{Client, Method, Response, Url, redirect};
use serde_json::Value;
use std::collections::BTreeMap;

pub struct Browser {
    public_url: String,
    base: String,
    client: Client,
    /// Cookies that the host has set, by name. The identity provider sets no cookies.
    pub cookies: BTreeMap<String, String>,
    /// Actor id of the person who signed in last, for whom the page was rendered; `None` before the
    /// first sign-in.
    person: Option<String>,
    /// Headers and bodies of all responses of the host, in which a test searches for secrets.
    pub seen: String,
}

/// Last response of a navigation, after all redirects.
pub struct Page {
    pub status: u16,
    /// Address of the page after all redirects.
    pub address: Url,
    pub text: String,
}

impl Browser {
    pub fn new(system: &System) -> Browser {
        let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
        Browser {
            public_url: system.public_url.clone(),
            base: system.base.clone(),
            client,
            cookies: BTreeMap::new(),
            person: None,
            seen: String::new(),
        }
    }

    /// Opens an address, or a path of the host, and follows redirects.
    pub async fn open(&mut self, to: &str) -> Page {
        let mut address = self.absolute(to);
        for _ in 0..10 {
            let (status, location, text) = self.step(&address).await;
            let Some(location) = location else { return Page { status, address, text } };
            address = address.join(&location).expect("a location");
        }
        panic!("redirected in circles: {address}");
    }

    /// Sends one request and follows no redirect; returns status, location and body.
    pub async fn step(&mut self, address: &Url) -> (u16, Option<String>, String) {
        let response = match address.as_str().strip_prefix(&self.public_url) {
            Some(path) => self.host(Method::GET, path, &[], None).await,
            None => self.client.get(address.clone()).send().await.expect("the provider answers"),
        };
        let status = response.status().as_u16();
        let location = response.headers().get("location").map(|value| value.to_str().expect("ASCII").to_owned());
        let text = response.text().await.expect("a body");
        self.seen += &text;
        (status, location, text)
    }

    pub fn absolute(&self, to: &str) -> Url {
        Url::parse(&if to.starts_with('/') { format!("{}{to}", self.public_url) } else { to.to_owned() })
            .expect("a URL")
    }

    /// Submits the form of a page to the identity provider, as the page does by itself in a real
    /// browser.
    pub async fn send_form(&mut self, page: &Page) -> Page {
        let between = |text: &str, start: &str| {
            let rest = text.split_once(start).expect("the page has it").1;
            rest.split_once('"').expect("the page ends it").0.replace("&amp;", "&")
        };
        let action = between(&page.text, "<form method=\"post\" action=\"");
        let inputs = page.text.split("<input ").skip(1);
        let form: Vec<(String, String)> =
            inputs.map(|input| (between(input, "name=\""), between(input, "value=\""))).collect();
        let response = self.client.post(action).form(&form).send().await.expect("the provider answers");
        let location = response.headers().get("location").map(|value| value.to_str().expect("ASCII").to_owned());
        self.open(&location.expect("the provider sends back")).await
    }

    /// Continues from the application's sign-in page to the identity provider's list of accounts.
    pub async fn ask_provider(&mut self, return_to: &str) -> Page {
        let query = reqwest::Url::parse_with_params("http://x/", [("return_to", return_to)]).expect("a URL");
        let page = self.open(&format!("/auth/sign-in?{}", query.query().unwrap_or_default())).await;
        assert!(page.text.contains("Who are you?"), "{} {}", page.status, page.text);
        page
    }

    /// Chooses an account at the identity provider. Returns the callback address of the host, which
    /// contains the authorization code.
    pub async fn pick(&mut self, page: &Page, account: &str) -> Url {
        let mut address = page.address.clone();
        address.query_pairs_mut().append_pair("account", account);
        let (_, location, _) = self.step(&address).await;
        Url::parse(&location.expect("the provider sends back")).expect("a URL")
    }

    /// Signs in and returns the page at `return_to`.
    pub async fn sign_in(&mut self, account: &str, return_to: &str) -> Page {
        let page = self.ask_provider(return_to).await;
        let back = self.pick(&page, account).await;
        let page = self.open(back.as_str()).await;
        self.person = self.get("/api/session").await.body["actor"].as_str().map(str::to_owned);
        page
    }

    /// Calls the API with the headers that the application's own pages send.
    pub async fn call(&mut self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let (origin, person) = (self.public_url.clone(), self.person.clone());
        let ours = [("eaf-csrf", "1"), ("origin", origin.as_str()), ("sec-fetch-site", "same-origin")];
        let person = person.iter().map(|person| ("eaf-person", person.as_str()));
        let headers: Vec<_> = ours.into_iter().chain(person).collect();
        self.call_as(method, path, &headers, body).await
    }

    pub async fn call_as(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let response = self.host(method, path, headers, body).await;
        let status = response.status();
        let text = response.text().await.expect("the answer arrives whole");
        self.seen += &text;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { status, body }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.call_as(Method::GET, path, &[], None).await
    }

    async fn host(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Response {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.expect("the host answers");
        self.seen += &format!("{:?}\n", response.headers());
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().expect("ASCII");
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            match cookie.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.into(), value.into()),
            };
        }
        response
    }

    pub fn session_name(&self) -> &'static str {
        if self.public_url.starts_with("https:") { "__Host-eaf-session" } else { "eaf-session" }
    }

    pub fn session(&self) -> Option<String> {
        self.cookies.get(self.session_name()).cloned()
    }
}
