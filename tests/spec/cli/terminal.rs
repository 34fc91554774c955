//! A terminal with somebody in front of it.

use std::{
    collections::HashMap,
    io::{Read as _, Write},
    num::NonZero,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use sandbox::Operator;

/// How long anything may take to appear.
const PATIENCE: Duration = Duration::from_secs(30);

/// As many lines as a whole session has, so that nothing scrolls away.
const SIZE: PtySize = PtySize { rows: ROWS.get(), cols: COLUMNS.get(), pixel_width: 0, pixel_height: 0 };

const ROWS: NonZero<u16> = NonZero::new(200).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(120).unwrap();

/// A terminal in which `twilify` runs.
pub(super) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    /// Everything that was ever on the screen, and how it got there.
    output: Arc<Mutex<Vec<u8>>>,
    /// How often each question was answered.
    answered: HashMap<String, usize>,
}

impl Terminal {
    /// Starts `twilify` with these arguments.
    pub(super) fn run(operator: &Operator, arguments: &[&str]) -> Self {
        let pair = native_pty_system().openpty(SIZE).unwrap();
        let mut command = CommandBuilder::new(Operator::program());
        command.args(arguments);
        command.env_clear();
        operator.variables().iter().for_each(|(name, value)| command.env(name, value));
        command.env("TERM", "xterm");
        let child = pair.slave.spawn_command(command).unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 0)));
        let output = Arc::new(Mutex::new(Vec::new()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (drawn, kept) = (Arc::clone(&screen), Arc::clone(&output));
        let keyboard = pair.master.take_writer().unwrap();
        thread::spawn(move || {
            let _master = pair.master;
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                drawn.lock().unwrap().process(&bytes[..count]);
                kept.lock().unwrap().extend(&bytes[..count]);
            }
        });
        Self { child, keyboard, screen, output, answered: HashMap::new() }
    }

    /// Types a line, as soon as `prompt` is asked.
    pub(super) async fn answer(&mut self, prompt: &str, line: &str) {
        self.wait_for_question(prompt).await;
        *self.answered.entry(prompt.to_owned()).or_default() += 1;
        self.press(&format!("{line}\r"));
    }

    /// Presses keys.
    pub(super) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits until `prompt` is asked once more than it was answered.
    pub(super) async fn wait_for_question(&self, prompt: &str) {
        let answered = self.answered.get(prompt).copied().unwrap_or_default();
        let question = format!("? {prompt}");
        self.wait_until(prompt, |screen| screen.matches(&question).count() > answered).await;
    }

    /// Waits until `text` is somewhere on the screen.
    pub(super) async fn wait_for_text(&self, text: &str) {
        self.wait_until(text, |screen| screen.contains(text)).await;
    }

    async fn wait_until(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let begin = Instant::now();
        while !is_so(&self.screen()) {
            assert!(begin.elapsed() < PATIENCE, "{what:?} does not appear:\n{}", self.screen());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What is on the screen.
    pub(super) fn screen(&self) -> String {
        let screen = self.screen.lock().unwrap().screen().contents();
        screen.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }

    /// Everything that was ever on the screen.
    pub(super) fn everything(&self) -> String {
        String::from_utf8_lossy(&self.output.lock().unwrap()).into_owned()
    }

    /// The id of the process.
    pub(super) fn process(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Waits for the end, and returns what is on the screen then, with the exit status.
    pub(super) async fn ended(mut self) -> (String, u32) {
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.exit_code();
            }
            assert!(begin.elapsed() < PATIENCE, "it does not end:\n{}", self.screen());
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        // What was printed last may still be on its way.
        tokio::time::sleep(Duration::from_millis(100)).await;
        (self.screen(), status)
    }
}
