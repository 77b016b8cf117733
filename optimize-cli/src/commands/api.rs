//! Any request.

use std::path::PathBuf;

use bytes::Bytes;
use clap::Args;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method};
use optimize_api::{RawRequest, RawResponse};

use crate::app::App;
use crate::error::CliError;
use crate::input;
use crate::output::{Document, Outcome};

/// Send a request with the credentials of the profile, and print the body of the response
///
/// GET and HEAD are retried after a transient failure; all else, and a further page of report data, is sent once.
/// The body of an error is printed too; the exit code shows that it failed.
#[derive(Args, Debug)]
pub(crate) struct Api {
    /// The method, such as GET
    #[arg(value_parser = method)]
    method: Method,
    /// The path below the base URL, such as /api/readyz; it may have a query
    path: String,
    /// The body; - for standard input
    #[arg(short, long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// A request header; the credential and the length are set for you
    #[arg(short = 'H', long = "header", value_name = "NAME:VALUE", value_parser = header)]
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Print the status and the headers before the body
    #[arg(short, long)]
    include: bool,
    /// Write the body to this file, completely or not at all
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
}

fn method(text: &str) -> Result<Method, String> {
    text.to_ascii_uppercase().parse().map_err(|_| "expected a method such as GET or POST".to_owned())
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("expected NAME:VALUE")?;
    let name = name.trim().parse().map_err(|_| "the name of the header cannot be used")?;
    let value = HeaderValue::from_str(value.trim()).map_err(|_| "the value of the header cannot be used")?;
    Ok((name, value))
}

impl Api {
    /// Whether it may change something at the server.
    pub(super) fn changes(&self) -> bool {
        !matches!(self.method, Method::GET | Method::HEAD)
    }

    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let mut request = RawRequest::new(self.method, &self.path)?;
        let mut content_type = "application/json".to_owned();
        for (name, value) in self.headers {
            if name == CONTENT_TYPE {
                value.to_str().unwrap_or_default().clone_into(&mut content_type);
            } else {
                request = request.with_header(name, value)?;
            }
        }
        if let Some(path) = &self.data {
            request = request.with_body(input::read(path)?, &content_type)?;
        }
        let response = app.client().await?.raw(&request).await?;
        let head = if self.include { head(&response) } else { Vec::new() };
        let mut document = Document::new(Bytes::from([&head, &response.body[..]].concat()), self.file);
        document.is_untouched = true;
        document.failure = response.error.map(CliError::from);
        Ok(Outcome::Document(document))
    }
}

/// The status and the headers as HTTP/1.1 has them.
fn head(response: &RawResponse) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {}\r\n", response.status).into_bytes();
    for (name, value) in &response.headers {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    head.extend(b"\r\n");
    head
}
