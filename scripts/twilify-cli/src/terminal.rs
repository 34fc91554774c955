//! What a person reads, and what they are asked.

use std::{
    fmt::{self, Display},
    io::{IsTerminal as _, Write as _, stderr, stdin, stdout},
    time::Duration,
};

use anyhow::{Result, bail};
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::{OwoColorize as _, Stream::Stdout};
use twilify::PhoneNumber;

/// Prints a line of the result. That nobody reads it any more is no reason to stop in the middle of something.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(stdout(), "{line}");
}

/// Prints a line that is not part of the result.
pub(crate) fn remark(line: impl Display) {
    let _ = writeln!(stderr(), "{line}");
}

/// Somebody was asked and does not want it.
#[derive(Debug)]
pub(crate) struct Declined;

impl std::error::Error for Declined {}

impl Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nothing was changed.")
    }
}

/// A sentence as it fits on the screen, if it is one: broken between words, and then indented.
pub(crate) fn wrapped(sentence: &str, indent: &str) -> String {
    if !stdout().is_terminal() {
        return sentence.to_owned();
    }
    let width = textwrap::Options::with_termwidth();
    let whole = width.word_splitter(textwrap::WordSplitter::NoHyphenation).break_words(false);
    textwrap::fill(sentence, whole.subsequent_indent(indent))
}

/// Prints a heading, after an empty line.
pub(crate) fn heading(text: impl Display) {
    say(format_args!("\n{}", text.if_supports_color(Stdout, |it| it.bold())));
}

pub(crate) fn good(text: impl Display) -> String {
    text.if_supports_color(Stdout, |it| it.green()).to_string()
}

pub(crate) fn bad(text: impl Display) -> String {
    text.if_supports_color(Stdout, |it| it.red()).to_string()
}

pub(crate) fn faint(text: impl Display) -> String {
    text.if_supports_color(Stdout, |it| it.dimmed()).to_string()
}

/// Prints a table; nothing if it has no rows.
pub(crate) fn table(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut table = Table::new();
    let style = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    table.load_style(style).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(headings.to_vec()).add_rows(rows);
    if !table.is_empty() {
        say(table.trim_fmt());
    }
}

/// A personal number as it is shown: the last four digits, unless somebody wants all of them.
pub(crate) fn masked(number: &PhoneNumber, show: bool) -> String {
    if show { number.as_e164().to_owned() } else { format!("{number:?}") }
}

/// Whether somebody is there to be asked.
pub(crate) fn somebody_is_there() -> bool {
    stdin().is_terminal() && stdout().is_terminal()
}

/// Asks for leave, unless it was given beforehand.
pub(crate) fn agreed(question: &str, yes: bool) -> Result<bool> {
    if yes {
        return Ok(true);
    }
    if !somebody_is_there() {
        bail!("nobody is there to be asked “{question}”; say --yes to do it without");
    }
    Ok(inquire::Confirm::new(question).with_default(false).prompt()?)
}

/// Something that turns while somebody waits, if they can see it.
pub(crate) fn waiting(what: &'static str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(what);
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

/// A bar that fills while `steps` steps are taken.
pub(crate) fn progress(steps: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len}").expect("this is a template");
    ProgressBar::new(steps as u64).with_style(style)
}
