//! A browser without a screen: it keeps cookies, says where a form comes from, follows links, and shows what it was sent.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Method, Request, StatusCode, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use simulator::Person;
use std::collections::BTreeMap;
use url::Url;

/// Somebody's browser.
#[derive(Clone)]
pub struct Browser {
    home: Url,
    client: Client<HttpConnector, Full<Bytes>>,
    /// By name, as the one site there is has set them.
    pub cookies: BTreeMap<String, String>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Page {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where it sends the browser.
    pub fn leads_to(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "it leads somewhere: {self:?}");
        self.header("location")
    }

    /// The words on it, without tags.
    pub fn words(&self) -> String {
        let mut words = String::new();
        let mut inside = false;
        for c in self.text.chars() {
            match c {
                '<' => {
                    inside = true;
                    words.push(' ');
                }
                '>' => inside = false,
                c if !inside => words.push(c),
                _ => {}
            }
        }
        let words = words.replace("&#38;", "&").replace("&#60;", "<").replace("&#62;", ">");
        let words = words.replace("&#34;", "\"").replace("&#39;", "'");
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub fn says(&self, words: &str) -> bool {
        self.words().contains(words)
    }
}

impl Browser {
    pub fn new(home: &str) -> Self {
        Self {
            home: home.parse().unwrap(),
            client: Client::builder(TokioExecutor::new()).build(HttpConnector::new()),
            cookies: BTreeMap::new(),
        }
    }

    /// The same browser, with what it keeps, at another c1.
    pub fn at(&self, home: &str) -> Self {
        Self {
            home: home.parse().unwrap(),
            ..self.clone()
        }
    }

    /// Opens a page; does not follow where it leads.
    pub async fn opens(&mut self, path: &str) -> Page {
        self.sends(Method::GET, path, &[], None).await
    }

    /// Opens a page and follows where it leads, as far as that is here.
    pub async fn follows(&mut self, path: &str) -> Page {
        let mut page = self.opens(path).await;
        for _ in 0..5 {
            if page.status != StatusCode::SEE_OTHER {
                return page;
            }
            let next = page.leads_to().to_owned();
            assert!(next.starts_with('/'), "it leads elsewhere: {next}");
            page = self.opens(&next).await;
        }
        panic!("it leads in circles: {path}");
    }

    /// Sends a form of ours, and follows where it leads.
    pub async fn submits(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.posts(path, fields, &[("sec-fetch-site", "same-origin")]).await;
        if page.status != StatusCode::SEE_OTHER {
            return page;
        }
        let next = page.leads_to().to_owned();
        self.follows(&next).await
    }

    /// Sends a form, from wherever these headers say.
    pub async fn posts(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
        let form = serde_urlencoded::to_string(fields).unwrap();
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let headers: Vec<_> = headers.iter().copied().chain([kind]).collect();
        self.sends(Method::POST, path, &headers, Some(form)).await
    }

    /// Keeps a page up to date, as the page's script does.
    pub async fn listens(&self, path: &str) -> Events {
        let request = self.request(Method::GET, path, &[], None);
        let answer = self.client.request(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Events {
            body: answer.into_body(),
            read: String::new(),
        }
    }

    async fn sends(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Page {
        let request = self.request(method, path, headers, body);
        let (head, body) = self.client.request(request).await.unwrap().into_parts();
        for set in head.headers.get_all(header::SET_COOKIE) {
            let (pair, more) = set.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if more.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let text = body.collect().await.unwrap().to_bytes();
        Page {
            status: head.status,
            headers: head.headers,
            text: String::from_utf8(text.to_vec()).unwrap(),
        }
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Request<Full<Bytes>> {
        let url = self.home.join(path).unwrap();
        let mut request = Request::builder().method(method).uri(url.as_str());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        request.body(Full::from(body.unwrap_or_default())).unwrap()
    }

    /// Goes to Slack to sign in, on the way to a page; the address at Slack.
    pub async fn sets_out(&mut self, to: &str) -> String {
        self.opens(&format!("/auth/slack?to={to}")).await.leads_to().to_owned()
    }

    /// Comes back from Slack.
    pub async fn comes_back(&mut self, address: &str) -> Page {
        let back = Url::parse(address).unwrap();
        let path = format!("{}?{}", back.path(), back.query().unwrap_or_default());
        self.opens(&path).await
    }

    /// Signs in with Slack as somebody.
    pub async fn signs_in(&mut self, person: &Person) {
        let way = self.sets_out("/").await;
        let page = self.comes_back(&person.signs_in(&way).unwrap()).await;
        assert_eq!(page.leads_to(), "/", "{}", page.words());
    }
}

/// What an open page hears.
pub struct Events {
    body: hyper::body::Incoming,
    read: String,
}

impl Events {
    /// The next event and what it brings; `None` when there are no more.
    pub async fn next(&mut self) -> Option<(String, String)> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let of = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name));
                    line.map(|value| value.trim().to_owned())
                };
                let (name, data) = (of("event:"), of("data:").unwrap_or_default());
                self.read = rest.to_owned();
                match name {
                    Some(name) => return Some((name, data)),
                    // Only a sign of life.
                    None => continue,
                }
            }
            let frame = tokio::time::timeout(std::time::Duration::from_secs(30), self.body.frame());
            let frame = frame.await.expect("something is heard within half a minute")?;
            let data = frame.unwrap().into_data().unwrap();
            self.read.push_str(std::str::from_utf8(&data).unwrap());
        }
    }
}
