/// How whoever asked for long work ends it between its smallest steps, through code that does not know who asked.
///
/// A network's run is a step to those who report progress and may itself take minutes.
package enum Cancellation {
  /// Called before each step, from any thread that `Workers` uses; what it throws, `CancellationError`, ends the work. Nil where
  /// nobody asks to stop.
  @TaskLocal package static var check: (@Sendable () throws -> Void)?
}
