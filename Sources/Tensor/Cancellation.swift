/// How whoever asked for long work ends it between its smallest steps, through code that does not know who asked.
///
/// A network's run is a step to those who report progress and may itself take minutes.
package struct Cancellation: Sendable {
  /// Called before each step, from any thread that `Workers` uses; what it throws, `CancellationError`, ends the work.
  package let check: @Sendable () throws -> Void

  package init(check: @escaping @Sendable () throws -> Void) {
    self.check = check
  }

  /// Nil where nobody asks to stop.
  ///
  /// A structure and not the bare function: with a function as its value, `withValue` crashed in the runtime of Swift 6.3.1 on threads
  /// of a pool, for want of that type's metadata.
  @TaskLocal package static var current: Cancellation?
}
