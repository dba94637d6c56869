/// What a backend computes one operator with, on operands of given shapes. Made once for each operator of a plan, which asks it where
/// its operands may lie; the program that is compiled of the plan runs it.
package protocol OperatorKernel: Sendable {
  /// The layouts of images in which it computes.
  var layoutSupport: LayoutSupport { get }

  /// Numbers of memory beside its operands that it takes, for each thread and once.
  var scratchCounts: (perThread: Int, shared: Int) { get }
}
