import Foundation
import Graph
import Tensor

/// What the attributes and inputs of Resize and Upsample, which changed with every version, ask for.
struct ResizeParameters {
  /// The axes whose size or place changes.
  let axes: [ResizeAxis]
  let extrapolation: Float

  init(_ node: NodeContext, _ graph: Graph) throws {
    let shape = try node.shape(0, graph)
    let isUpsample = node.node.operation == "Upsample"
    let isOld = isUpsample || node.opset == 10
    let which =
      try node.ints("axes").map { try $0.map { try node.axis($0, rank: shape.rank) } }
      ?? Array(0..<shape.rank)
    extrapolation = try node.float("extrapolation_value", 0)
    let mode = try node.string("mode", "nearest")
    let interpolation: ResizeAxis.Interpolation =
      switch mode {
      case "nearest": .nearest(rounding: try node.string("nearest_mode", isOld ? "floor" : "round_prefer_floor"))
      case "linear", "bilinear": .linear
      case "cubic": .cubic(a: Double(try node.float("cubic_coeff_a", -0.75)))
      default: throw node.failure("the mode `\(mode)` is unknown")
      }
    let transformation = try node.string(
      "coordinate_transformation_mode", isOld ? "asymmetric" : "half_pixel")
    let (scales, sizes) = try Self.scales(node, graph, shape: shape, axes: which)
    let region = isOld || !node.has(1) ? nil : try node.floats(1, graph).map(Double.init)
    guard Set(which).count == which.count, scales.count == which.count else {
      throw node.failure("\(scales.count) scales or sizes do not fit the axes \(which)")
    }
    var result: [ResizeAxis] = []
    for (index, axis) in which.enumerated() {
      let scale = scales[index]
      guard scale > 0, scale.isFinite, scale < 0x1p20 else { throw node.failure("the scale \(scale) is not positive") }
      let output = sizes?[index] ?? Int((Double(shape[axis]) * scale).rounded(.down))
      guard (0...1 << 20).contains(output) else { throw node.failure("the size \(output) is not possible") }
      var sampling = ResizeAxis(
        axis: axis, input: shape[axis], output: output, scale: scale, transformation: transformation,
        interpolation: interpolation)
      sampling.excludesOutside = try node.flag("exclude_outside")
      sampling.antialias = try node.flag("antialias")
      if transformation == "tf_crop_and_resize" {
        guard let region, region.count == 2 * which.count else {
          throw node.failure("tf_crop_and_resize needs a region of \(2 * which.count) numbers")
        }
        sampling.region = (region[index], region[which.count + index])
      }
      if output != shape[axis] || scale != 1 || transformation == "tf_crop_and_resize" { result.append(sampling) }
    }
    guard transformation != "tf_crop_and_resize" || Self.places(result) <= 1 << 26 else {
      throw node.failure("tf_crop_and_resize makes \(Self.places(result)) places, at most \(1 << 26) are accepted")
    }
    axes = result
  }

  /// Elements of `outside`. Sizes of at most 2^20 make too many only from three axes on.
  private static func places(_ axes: [ResizeAxis]) -> Int {
    axes.reduce(1) { $0.multipliedReportingOverflow(by: $1.output).overflow ? .max : $0 * $1.output }
  }

  /// 1 where an output pixel is outside of the image, of `rank` axes; nil where none is.
  func outside(rank: Int) -> Tensor? {
    let outside = axes.map { axis in (0..<axis.output).map { axis.isOutside($0) } }
    // Looked at first: only `tf_crop_and_resize` has any, and only its places were counted.
    guard outside.joined().contains(true) else { return nil }
    var extents = [Int](repeating: 1, count: rank)
    for axis in axes { extents[axis.axis] = axis.output }
    let shape = Shape(extents)
    let strides = shape.strides
    var flags = [Float](repeating: 0, count: shape.count)
    for (axis, outside) in zip(axes, outside) where outside.contains(true) {
      for place in flags.indices where outside[place / strides[axis.axis] % axis.output] { flags[place] = 1 }
    }
    return flags.contains(1) ? Tensor(shape: shape, scalars: flags) : nil
  }

  /// Scales, and sizes where these are given instead.
  private static func scales(
    _ node: NodeContext, _ graph: Graph, shape: Shape, axes: [Int]
  ) throws -> ([Double], [Int]?) {
    if node.node.operation == "Upsample", node.opset < 9 {
      return (try node.floats("scales")?.map(Double.init) ?? [], nil)
    }
    let position = node.opset < 11 ? 1 : 2
    if node.has(position), try node.shape(position, graph).count > 0 {
      return (try node.floats(position, graph).map(Double.init), nil)
    }
    guard node.opset >= 11, node.has(3) else { throw node.failure("has neither scales nor sizes") }
    var sizes = try node.integers(3, graph)
    // A batch that was written into the file.
    if let rebatching = node.rebatching, axes.first == 0, sizes.first == rebatching.declared,
      rebatching.wanted == shape.dimensions.first
    {
      sizes[0] = rebatching.wanted
    }
    guard sizes.count == axes.count, axes.allSatisfy({ shape[$0] > 0 }) else {
      throw node.failure("the sizes \(sizes) do not fit the axes \(axes) of \(shape)")
    }
    let scales = zip(sizes, axes).map { Double($0) / Double(shape[$1]) }
    let policy = try node.string("keep_aspect_ratio_policy", "stretch")
    guard policy != "stretch" else { return (scales, sizes) }
    let common = (policy == "not_larger" ? scales.min() : scales.max()) ?? 1
    // Halves go up, as the specification says.
    let rounded = try axes.map { axis in
      let size = (common * Double(shape[axis]) + 0.5).rounded(.down)
      guard let exact = Int(exactly: size) else { throw node.failure("the size \(size) is not possible") }
      return exact
    }
    return (axes.map { _ in common }, rounded)
  }
}
