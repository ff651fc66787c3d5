//! How far a replay is, on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on standard error; nothing where that is no terminal or nobody wants it.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar for `bytes_total` bytes of input, which are not known for standard input.
    pub fn new(bytes_total: Option<u64>, quiet: bool) -> Self {
        if quiet {
            return Bar(ProgressBar::hidden());
        }
        // The target hides itself where standard error is no terminal.
        let bar =
            ProgressBar::with_draw_target(bytes_total, ProgressDrawTarget::stderr_with_hz(10));
        let form = match bytes_total {
            Some(_) => {
                "{bar:30} {percent:>3} %  {decimal_bytes} of {decimal_total_bytes}  {msg}  {eta} left"
            }
            None => "{spinner} {decimal_bytes}  {msg}  {elapsed}",
        };
        bar.set_style(
            ProgressStyle::with_template(form)
                .expect("the template is well formed")
                .progress_chars("=> "),
        );
        bar.enable_steady_tick(Duration::from_millis(200));
        Bar(bar)
    }

    /// Shows that `bytes` and `records` are done.
    pub fn update(&self, bytes: u64, records: u64) {
        if self.0.is_hidden() {
            return;
        }
        let seconds = self.0.elapsed().as_secs_f64().max(0.1);
        self.0.set_message(format!("{:.0} records/s", records as f64 / seconds));
        self.0.set_position(bytes);
    }
}

/// The bar leaves no trace.
impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
