import Graph

extension LayerType {
  /// Layers made of layers.
  static let compositeTypes = [
    LayerType(name: "Sequential", summary: "`layers` one after the other", options: ["layers"]) { builder, context in
      try builder.append(context.required(\.layers, "layers"), path: "\(context.path).layers")
    },
    LayerType(
      name: "Residual", summary: "the sum of `main` and `shortcut` (empty or absent: the input itself)",
      options: ["main", "shortcut"]
    ) { builder, context in
      let main = try builder.branch(context.required(\.main, "main"), path: "\(context.path).main")
      let shortcut = try builder.branch(context.layer.shortcut ?? [], path: "\(context.path).shortcut")
      let (mainShape, shortcutShape) = (builder.graph.shape(of: main), builder.graph.shape(of: shortcut))
      guard mainShape == shortcutShape else {
        throw ModelError.layer(
          layer: context.title, input: builder.shape.description,
          reason: "`main` gives \(mainShape) but `shortcut` \(shortcutShape); they are added")
      }
      builder.value = try builder.graph.add(main, shortcut)
    },
    LayerType(
      name: "Concatenate", summary: "joins the outputs of `branches` along `axis` (1)", options: ["branches", "axis"]
    ) { builder, context in
      let branches = try context.required(\.branches, "branches")
      let axis = try context.axis(context.layer.axis ?? 1, rank: builder.shape.rank)
      guard axis > 0 else { throw context.invalid("axis", "is the batch") }
      var parts: [Graph.Value] = []
      for (index, layers) in branches.enumerated() {
        parts.append(try builder.branch(layers, path: "\(context.path).branches[\(index)]"))
      }
      guard !parts.isEmpty else { throw context.invalid("branches", "must hold at least one list") }
      builder.value = try builder.graph.concatenate(parts, axis: axis)
    },
  ]
}
