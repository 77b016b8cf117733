//! The blocks of a page, with what its comments say of them.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

pub(super) enum Block {
    /// Shell that is not shown.
    Setup(String),
    /// Language and text.
    Code(String, String),
    /// Name and text.
    File(String, String),
    /// The reason.
    NotRun(String),
}

pub(super) fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let (mut comment, mut language, mut text) = (String::new(), None, String::new());
    for event in Parser::new(page) {
        match event {
            Event::Html(html) => comment.push_str(&html),
            Event::End(TagEnd::HtmlBlock) => {
                let Some(said) = said(&comment) else {
                    comment.clear();
                    continue;
                };
                if let Some(shell) = said.strip_prefix("run:") {
                    found.push(Block::Setup(shell.trim().to_owned()));
                    comment.clear();
                }
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                language = Some(match kind {
                    CodeBlockKind::Fenced(language) => language.to_string(),
                    CodeBlockKind::Indented => String::new(),
                });
            }
            Event::Text(piece) if language.is_some() => text.push_str(&piece),
            Event::End(TagEnd::CodeBlock) => {
                let (language, text) = (language.take().unwrap_or_default(), std::mem::take(&mut text));
                let said = said(&comment).unwrap_or_default().to_owned();
                comment.clear();
                found.push(match (said.strip_prefix("file:"), said.strip_prefix("not run:")) {
                    (Some(name), _) => Block::File(name.trim().to_owned(), text),
                    (_, Some(reason)) => Block::NotRun(reason.trim().to_owned()),
                    _ => Block::Code(language, text),
                });
            }
            _ => {}
        }
    }
    found
}

/// What a comment says.
fn said(html: &str) -> Option<&str> {
    Some(html.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim())
}
