//! The book: built from `docs` and the pages of the top directory, its links followed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use xshell::cmd;

use crate::util::{Outcome, copy_directory, empty_directory, ends_in, files, root, shell};
use crate::{r#gen, tools};

/// Pages that stand in the top directory, where people look for them, and in the book as well.
const FROM_THE_TOP: [(&str, &str); 5] = [
    ("ARCHITECTURE.md", "architecture.md"),
    ("CHANGELOG.md", "changelog.md"),
    ("CONTRIBUTING.md", "contributing.md"),
    ("SECURITY.md", "security.md"),
    ("STYLE.md", "style.md"),
];

pub(crate) fn run() -> Outcome {
    let Some(mdbook) = tools::MDBOOK.program()? else { return Ok(()) };
    let (source, book) = (root().join("target/docs"), root().join("target/book"));
    empty_directory(&source)?;
    empty_directory(&book)?;
    copy_directory(&root().join("docs"), &source)?;
    r#gen::reference(&source.join("reference"))?;
    r#gen::openapi::write(&source.join("openapi"))?;
    for (name, page) in FROM_THE_TOP {
        let mut text = fs::read_to_string(root().join(name))?.replace("](docs/", "](../");
        for (name, page) in FROM_THE_TOP {
            text = text.replace(&format!("]({name})"), &format!("]({page})"));
        }
        fs::write(source.join("dev").join(page), text)?;
    }
    let shell = shell()?;
    cmd!(shell, "{mdbook} build {source} --dest-dir {book}").quiet().run()?;
    let broken = [broken_links(&book)?, missing_targets()?].concat();
    if !broken.is_empty() {
        return Err(format!("broken links:\n       {}", broken.join("\n       ")).into());
    }
    eprintln!("   the book is in {}", book.join("index.html").display());
    Ok(())
}

/// What the pages of a book link to and is not there: files, and places in pages.
fn broken_links(book: &Path) -> Outcome<Vec<String>> {
    let mut ids = BTreeMap::new();
    let mut links = Vec::new();
    for path in files(book)?.into_iter().filter(|path| ends_in(path, "html")) {
        // These repeat the other pages.
        if ["print.html", "toc.html", "404.html"].iter().any(|name| path.ends_with(name)) {
            continue;
        }
        let html = fs::read_to_string(&path)?;
        ids.insert(path.clone(), values(&html, "id=\"").map(str::to_owned).collect::<BTreeSet<_>>());
        let targets = values(&html, "href=\"").chain(values(&html, "src=\""));
        links.extend(targets.map(|link| (path.clone(), link.to_owned())));
    }
    let mut broken = BTreeSet::new();
    for (page, link) in &links {
        let (file, place) = link.split_once('#').unwrap_or((link, ""));
        if link.contains("://") || link.starts_with("mailto:") || link.starts_with("javascript:") {
            continue;
        }
        let target = if file.is_empty() { page.clone() } else { normal(&page.with_file_name("").join(file)) };
        let is_there = target.is_file() && (place.is_empty() || ids.get(&target).is_none_or(|ids| ids.contains(place)));
        if !is_there {
            broken.insert(format!("{}: {link}", page.strip_prefix(book).unwrap_or(page).display()));
        }
    }
    eprintln!("   {} links of {} pages are followed", links.len(), ids.len());
    Ok(broken.into_iter().collect())
}

/// What the Markdown of the repository links to and is not there, as a reader would find it there.
fn missing_targets() -> Outcome<Vec<String>> {
    let shell = shell()?;
    let tracked = cmd!(shell, "git ls-files --cached --others --exclude-standard *.md").quiet().read()?;
    let mut broken = Vec::new();
    for name in tracked.lines().filter(|name| root().join(name).is_file()) {
        let page = root().join(name);
        let text = fs::read_to_string(&page)?;
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let file = link.split('#').next().unwrap_or_default();
            let is_of_the_book =
                name.ends_with("SUMMARY.md") && FROM_THE_TOP.iter().any(|(_, page)| file.ends_with(page));
            // What only the book has, see `gen::reference` and `gen::openapi`.
            let is_generated = file.contains("reference/") || file.contains("openapi/");
            let is_there =
                file.is_empty() || is_generated || link.contains("://") || page.with_file_name("").join(file).exists();
            if !is_there && !is_of_the_book {
                broken.push(format!("{name}: {link}"));
            }
        }
    }
    Ok(broken)
}

/// The values of an attribute.
fn values<'a>(html: &'a str, attribute: &'a str) -> impl Iterator<Item = &'a str> {
    html.split(attribute).skip(1).filter_map(|rest| rest.split('"').next())
}

/// A path without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}
