//! Figures and targets.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, time::Duration};

use anyhow::Result;
use serde_json::{Value, json};

use crate::traffic::{FUNCTIONS, Function};

const MEBIBYTE: f64 = 1024. * 1024.;

/// What is measured, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    InitInstructions,
    InitTime,
    FirstEvent,
    EventRemembered,
    EventFromOkta,
    TimeRemembered,
    TimeFromOkta,
    Throughput,
    Memory,
    Size,
    ToOktaRemembered,
    ToOkta,
    ToTwilio,
    Door,
    Seal,
    TwiMl,
    Parts,
    Company,
    CompanyIdle,
    CompanyMemory,
    CompanyTime,
    CompanyIdleTime,
    ThousandHires,
    ThreeThousandHires,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Instructions,
    Time,
    Bytes,
    Requests,
    EventsPerSecond,
}

/// Figures, each with its target.
#[derive(Debug, Default)]
pub(crate) struct Table(BTreeMap<(What, Function), f64>);

impl What {
    /// What it is, how it is obtained, and what it counts.
    fn words(self) -> (&'static str, &'static str, Unit) {
        use Unit::{Bytes, EventsPerSecond, Instructions, Requests, Time};
        match self {
            Self::InitInstructions => ("start until the first event is asked for", "callgrind", Instructions),
            Self::InitTime => ("the same", "processor time, median of 15 starts", Time),
            Self::FirstEvent => ("first event", "callgrind", Instructions),
            Self::EventRemembered => ("event, employee remembered", "callgrind, mean of 40", Instructions),
            Self::EventFromOkta => ("event, employee read from Okta", "callgrind, mean of 40", Instructions),
            Self::TimeRemembered => ("event, employee remembered", "processor time, mean of 2000", Time),
            Self::TimeFromOkta => ("event, employee read from Okta", "processor time, mean of 2000", Time),
            Self::Throughput => ("events, employee remembered", "from the processor time", EventsPerSecond),
            Self::Memory => ("memory after 2000 events", "VmHWM", Bytes),
            Self::Size => ("binary", "stripped", Bytes),
            Self::ToOktaRemembered => ("to Okta for an event, remembered", "counted", Requests),
            Self::ToOkta => ("to Okta for an event, else", "counted", Requests),
            Self::ToTwilio => ("to Twilio for an event", "counted", Requests),
            Self::Door => ("checking a signature and reading the form", "criterion, median", Time),
            Self::Seal => ("opening a seal", "criterion, median", Time),
            Self::TwiMl => ("writing TwiML", "criterion, median", Time),
            Self::Parts => ("all three", "their sum", Time),
            Self::Company => ("to give 10,000 employees a number", "counted", Requests),
            Self::CompanyIdle => ("for a run when all of them have one", "counted", Requests),
            Self::CompanyMemory => ("memory after both", "VmHWM", Bytes),
            Self::CompanyTime => ("giving 10,000 employees a number", "processor time", Time),
            Self::CompanyIdleTime => ("a run when all of them have one", "processor time", Time),
            Self::ThousandHires => ("a run for 1,000 hires", "20 ms for each request", Time),
            Self::ThreeThousandHires => ("a run for 3,000 hires", "20 ms for each request", Time),
        }
    }

    /// What it should be at most, or at least if that is a throughput.
    fn target(self, function: Function) -> Option<f64> {
        let of = |each: [f64; 3]| Some(each[function as usize]).filter(|it| it.is_finite());
        let none = f64::NAN;
        match self {
            Self::InitInstructions => of([8e6, 11e6, 15e6]),
            Self::InitTime => of([4.5e-3, 5.5e-3, 10e-3]),
            Self::FirstEvent => of([0.45e6, 0.6e6, none]),
            Self::EventRemembered => of([0.19e6, 0.45e6, none]),
            Self::EventFromOkta => of([0.3e6, 0.45e6, none]),
            Self::Throughput => of([5000., none, none]),
            Self::Memory => of([10. * MEBIBYTE, 10. * MEBIBYTE, none]),
            Self::Size => of([6.5 * MEBIBYTE, 6.5 * MEBIBYTE, 7.5 * MEBIBYTE]),
            Self::ToOktaRemembered => of([0., 0., none]),
            Self::ToOkta => of([1., 1., none]),
            Self::ToTwilio => of([0., 1., none]),
            Self::Parts => of([40e-6, none, none]),
            // Reading, trying the profile, buying and writing, and some pages of employees and numbers.
            Self::Company => of([none, none, 40_100.]),
            Self::CompanyMemory => of([none, none, 64. * MEBIBYTE]),
            Self::CompanyIdle => of([none, none, 60.]),
            Self::ThousandHires => of([none, none, 5.]),
            Self::ThreeThousandHires => of([none, none, 15.]),
            _ => None,
        }
    }

    fn is_met(self, function: Function, figure: f64) -> Option<bool> {
        let target = self.target(function)?;
        Some(match self {
            Self::Throughput => figure >= target,
            // A function that asks nobody has not done its work.
            Self::ToOktaRemembered | Self::ToOkta | Self::ToTwilio => (figure - target).abs() < 1e-9,
            _ => figure <= target,
        })
    }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Time => "seconds",
            Self::Bytes => "bytes",
            Self::Requests => "requests",
            Self::EventsPerSecond => "events per second",
        }
    }

    fn show(self, value: f64) -> String {
        match self {
            Self::Instructions => format!("{:.2} M", value / 1e6),
            Self::Time if value < 1e-3 => format!("{:.1} µs", value * 1e6),
            Self::Time if value < 1. => format!("{:.1} ms", value * 1e3),
            Self::Time => format!("{value:.1} s"),
            Self::Bytes => format!("{:.1} MiB", value / MEBIBYTE),
            Self::Requests => format!("{value:.0}"),
            Self::EventsPerSecond => format!("{value:.0} per s"),
        }
    }
}

impl Table {
    pub(crate) fn add(&mut self, function: Function, what: What, figure: f64) {
        self.0.insert((what, function), figure);
    }

    pub(crate) fn add_time(&mut self, function: Function, what: What, time: Duration) {
        self.add(function, what, time.as_secs_f64());
    }

    /// Adds the size of a binary.
    pub(crate) fn add_size(&mut self, function: Function, binary: &Path) -> Result<()> {
        self.add(function, What::Size, fs::metadata(binary)?.len() as f64);
        Ok(())
    }

    /// The figures beside their targets, in Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut rows = vec![
            ["what", "how"].into_iter().chain(FUNCTIONS.map(Function::name)).map(String::from).collect(),
        ];
        let mut whats: Vec<_> = self.0.keys().map(|(what, _)| *what).collect();
        whats.dedup();
        for what in whats {
            let (name, how, unit) = what.words();
            let name = if unit == Unit::Requests { format!("requests {name}") } else { name.to_owned() };
            let cells = FUNCTIONS.map(|function| self.cell(what, function).unwrap_or_default());
            rows.push([name, how.to_owned()].into_iter().chain(cells).collect());
        }
        align(&rows)
    }

    fn cell(&self, what: What, function: Function) -> Option<String> {
        let figure = *self.0.get(&(what, function))?;
        let (_, _, unit) = what.words();
        let shown = unit.show(figure);
        let (Some(target), Some(met)) = (what.target(function), what.is_met(function, figure)) else {
            return Some(shown);
        };
        let mark = if met { "✓" } else { "✗" };
        let bound = match what {
            What::Throughput => "≥",
            What::ToOktaRemembered | What::ToOkta | What::ToTwilio => "=",
            _ => "≤",
        };
        Some(format!("{mark} {shown} {bound} {}", unit.show(target)))
    }

    /// The figures as JSON.
    pub(crate) fn json(&self) -> Value {
        let figures = self.0.iter().map(|((what, function), figure)| {
            let (name, how, unit) = what.words();
            json!({
                "what": name,
                "how": how,
                "function": function.name(),
                "figure": figure,
                "unit": unit.name(),
                "target": what.target(*function),
                "met": what.is_met(*function, *figure),
            })
        });
        figures.collect()
    }
}

/// A table in Markdown, whose first row is the head.
fn align(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<_> = (0..rows[0].len()).map(width).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(text, "| {cell:<width$} ");
        }
        text.push_str("|\n");
        if index == 0 {
            for width in &widths {
                let _ = write!(text, "|-{:-<width$}-", "");
            }
            text.push_str("|\n");
        }
    }
    text
}
