//! What lies in the past, and time that passes.

use jiff::Timestamp;

use super::World;

impl World {
    /// Lets the functions, and the operators who come from now on, go by [`clock`](Self::clock), so that it can be moved.
    /// The functions are started anew.
    pub async fn gets_a_clock(&self) -> anyhow::Result<()> {
        self.clock.set_up()?;
        for (name, value) in self.clock.variables() {
            self.configure(name, &value).await;
        }
        Ok(())
    }

    /// Pretends that the provisioner was deployed just now, and that it has not run since.
    pub fn deploys_provisioner(&self) {
        self.functions[2].deploy();
        self.functions[2].set_last_run(None);
    }

    /// Pretends that the provisioner has last run at `time`, or never.
    pub fn provisioner_last_ran(&self, time: Option<Timestamp>) {
        self.functions[2].set_last_run(time);
    }
}
