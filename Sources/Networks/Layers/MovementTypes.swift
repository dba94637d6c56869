import Graph
import Tensor

extension LayerType {
  /// Layers that move elements. Axis 0 is the batch, which none of them may mix.
  static let movementTypes = [
    LayerType(name: "Flatten", summary: "[N, ...] to [N, D]", options: []) { builder, _ in
      builder.value = try builder.graph.flatten(builder.value)
    },
    LayerType(
      name: "Reshape", summary: "to [N] + `shape`; one extent may be -1", options: ["shape"]
    ) { builder, context in
      var extents = try context.required(\.shape, "shape")
      let total = builder.shape.droppingFirst.count
      let known = extents.filter { $0 != -1 }
      guard known.allSatisfy({ $0 > 0 }), known.count + 1 >= extents.count, let product = Shape(checking: known)?.count
      else { throw context.invalid("shape", "must hold positive extents and at most one -1") }
      guard known.count == extents.count ? product == total : total % product == 0 else {
        throw context.invalid("shape", "is \(extents), but an image has \(total) numbers here")
      }
      if let free = extents.firstIndex(of: -1) { extents[free] = total / product }
      builder.value = try builder.graph.reshape(builder.value, to: Shape([builder.shape[0]] + extents))
    },
    LayerType(
      name: "Permute", summary: "axis i becomes axis `permutation[i]` of the input; the first stays 0",
      options: ["permutation"]
    ) { builder, context in
      let permutation = try context.required(\.permutation, "permutation")
      guard permutation.first == 0 else {
        throw context.invalid("permutation", "must leave axis 0, the batch, in place")
      }
      guard permutation.sorted() == Array(0..<builder.shape.rank) else {
        throw context.invalid("permutation", "must name each of the input's \(builder.shape.rank) axes once")
      }
      builder.value = try builder.graph.transpose(builder.value, permutation)
    },
    LayerType(
      name: "Slice", summary: "`count` elements from `start` (0) along `axis`, every `step`-th (1)",
      options: ["axis", "start", "count", "step"]
    ) { builder, context in
      let axis = try context.axis(context.required(\.axis, "axis"), rank: builder.shape.rank)
      let (start, step) = (context.layer.start ?? 0, context.layer.step ?? 1)
      let extent = builder.shape[axis]
      guard axis > 0 else { throw context.invalid("axis", "is the batch") }
      guard start >= 0, start < extent else { throw context.invalid("start", "is \(start), the axis has \(extent)") }
      guard step >= 1, step <= extent else { throw context.invalid("step", "is \(step), the axis has \(extent)") }
      let available = (extent - start + step - 1) / step
      let count = context.layer.count ?? available
      guard count >= 1, count <= available else {
        throw context.invalid("count", "is \(count), but there are \(available)")
      }
      builder.value = try builder.graph.slice(builder.value, axis: axis, start: start, count: count, step: step)
    },
    LayerType(
      name: "Pad", summary: "surrounds with `value` (0): `low` and `high` elements per axis, the first 0",
      options: ["low", "high", "value"]
    ) { builder, context in
      let low = try context.required(\.low, "low")
      let high = try context.required(\.high, "high")
      let limit = LayerContext.largestExtent
      guard low.count == builder.shape.rank, high.count == low.count, low.first == 0, high.first == 0,
        (low + high).allSatisfy({ $0 >= 0 && $0 <= limit })
      else {
        throw context.invalid(
          "low",
          "and `high` must have one number in 0...\(limit) for each of \(builder.shape.rank) axes, "
            + "0 for the batch")
      }
      builder.value = try builder.graph.pad(
        builder.value, low: low, high: high, value: context.number(\.value, "value", default: 0))
    },
    LayerType(
      name: "PatchMerging",
      summary: "[N, H, W, C] to [N, H / 2, W / 2, 4 C]: the channels of 2 x 2 neighbours side by side (Swin)",
      options: []
    ) { builder, context in try builder.mergePatches(context) },
    LayerType(
      name: "Mean", summary: "mean over `axes`, which are dropped", options: ["axes"]
    ) { builder, context in try builder.reduce(context) { try $0.mean($1, axes: $2) } },
    LayerType(
      name: "Sum", summary: "sum over `axes`, which are dropped", options: ["axes"]
    ) { builder, context in try builder.reduce(context) { try $0.sum($1, axes: $2) } },
    LayerType(
      name: "Max", summary: "largest value over `axes`, which are dropped", options: ["axes"]
    ) { builder, context in try builder.reduce(context) { try $0.maximum($1, axes: $2) } },
  ]
}

extension LayerBuilder {
  fileprivate mutating func reduce(
    _ context: LayerContext, _ operation: (inout Graph, Graph.Value, [Int]) throws -> Graph.Value
  ) throws {
    let rank = shape.rank
    let axes = Set(try context.required(\.axes, "axes").map { try context.axis($0, rank: rank, option: "axes") })
    guard !axes.contains(0), !axes.isEmpty else { throw context.invalid("axes", "must name axes other than the batch") }
    let kept = (0..<rank).filter { !axes.contains($0) }.map { shape[$0] }
    let reduced = try operation(&graph, value, axes.sorted())
    value = try graph.reshape(reduced, to: Shape(kept))
  }
}
