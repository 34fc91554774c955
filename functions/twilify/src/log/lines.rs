//! Lines whose fields are all at the top, where one looks for them.

use std::{
    fmt::Debug,
    io::{self, Write as _},
};

use serde::Serialize;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    layer::{Context, Layer},
    registry::LookupSpan,
};

/// Prints each event with its own fields and those of the spans it is in.
pub(super) struct Lines;

/// Names, and values in JSON.
#[derive(Default)]
struct Fields(Vec<(&'static str, Vec<u8>)>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            record.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Fields::default();
        line.insert("level", event.metadata().level().as_str());
        event.record(&mut line);
        for span in context.event_scope(event).into_iter().flatten() {
            for (name, value) in span.extensions().get::<Fields>().into_iter().flat_map(|it| &it.0) {
                if line.0.iter().all(|(it, _)| it != name) {
                    line.0.push((name, value.clone()));
                }
            }
        }
        line.print();
    }
}

impl Fields {
    /// Sets a field, in place of what it was before.
    fn insert(&mut self, name: &'static str, value: impl Serialize) {
        let Ok(value) = serde_json::to_vec(&value) else { return };
        self.0.retain(|(it, _)| *it != name);
        self.0.push((name, value));
    }

    fn print(&self) {
        let mut line = Vec::with_capacity(256);
        for (index, (name, value)) in self.0.iter().enumerate() {
            line.extend_from_slice(if index == 0 { b"{\"" } else { b",\"" });
            line.extend_from_slice(name.as_bytes());
            line.extend_from_slice(b"\":");
            line.extend_from_slice(value);
        }
        line.extend_from_slice(b"}\n");
        // Where nobody collects it, nobody misses it.
        let _ = io::stdout().lock().write_all(&line);
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.insert(field.name(), format!("{value:?}"));
    }
}
