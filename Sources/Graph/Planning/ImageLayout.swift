import Tensor

/// How a value of shape `[N, C, H, W]` lies in memory. Shapes are always written in that order.
package enum ImageLayout: Sendable {
  /// Row-major: every channel is a plane.
  case planar
  /// As `[N, H, W, C]`: the channels of a pixel lie side by side, which is what matrix products over channels read and write.
  case channelsLast
}

/// What a backend says of the layouts it can compute an operator in; for its first input and its output, and for all inputs that
/// must lie as the output does. Every other value that it reads is planar.
package struct LayoutSupport: Sendable {
  /// How many floats fewer are moved if the first input is channels last, less than 0 for more; nil where it must be planar.
  package var source: Int?
  /// The same of the output.
  package var output: Int?
  /// Inputs that lie as the output does.
  package var likeOutput: [Int] = []
  /// Inputs that may lie either way, whatever the output does.
  package var either: [Int] = []

  package init(source: Int? = nil, output: Int? = nil, likeOutput: [Int] = [], either: [Int] = []) {
    self.source = source
    self.output = output
    self.likeOutput = likeOutput
    self.either = either
  }
}
