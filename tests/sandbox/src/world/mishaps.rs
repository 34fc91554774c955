//! What happens to calls on their way to `call-forward`.

use super::World;

impl World {
    /// Kills a process of `call-forward` in the middle of its invocation, or else in that of its next.
    pub fn kills_call_forward(&self) {
        self.functions[0].kill();
    }

    /// Lets Lambda fail, or work again, as far as calls are concerned.
    pub fn call_forward_is_down(&self, down: bool) {
        self.functions[0].set_down(down);
    }

    /// Lets API Gateway take `per_second` requests to `path` in a second, and turn away what is too many. At the first of
    /// them others have used up what it takes.
    pub fn throttles(&self, path: &'static str, per_second: u32) {
        self.throttle.set(path, per_second);
    }
}
