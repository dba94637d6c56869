import Graph

/// F of a diffusion model: a network that is told of noise and class by numbers computed once for each pair of them, the *modulation*.
protocol DiffusionNetwork: Sendable {
  /// Side of its images.
  var resolution: Int { get }
  var channels: Int { get }
  /// 0 for a network that knows none.
  var classes: Int { get }
  /// Whether it was trained without a label now and then, which an all-zero label vector stands for.
  var hasNullClass: Bool { get }
  /// Numbers of the modulation.
  var width: Int { get }

  /// - Parameters:
  ///   - noise: as the preconditioning says it.
  ///   - label: nil for a vector of zeros where there are classes.
  ///   - trace: given what the modules give.
  func modulation(noise: Double, label: Int?, trace: (String, [Double]) -> Void) -> [Float]

  /// F of scaled images.
  /// - Parameters:
  ///   - images: `[N, C, H, W]`.
  ///   - modulation: `[N, width]`.
  ///   - trace: given what each module gives.
  func append(
    to images: Graph.Value, modulation: Graph.Value, _ graph: inout Graph, trace: (String, Graph.Value) -> Void
  ) throws -> Graph.Value
}

extension DiffusionNetwork {
  func modulation(noise: Double, label: Int?) -> [Float] { modulation(noise: noise, label: label) { _, _ in } }

  func append(to images: Graph.Value, modulation: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    try append(to: images, modulation: modulation, &graph) { _, _ in }
  }
}
