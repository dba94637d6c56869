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
      let axis = try context.axis(context.layer.axis ?? 1, rank: builder.shape.rank)
      guard axis > 0 else { throw context.invalid("axis", "is the batch") }
      builder.value = try builder.graph.concatenate(builder.branches(context), axis: axis)
    },
    LayerType(
      name: "Multiply",
      summary:
        "the product of the outputs of `branches`; where one has extent 1, it is repeated (squeeze and excitation)",
      options: ["branches"]
    ) { builder, context in
      var parts = try builder.branches(context)[...]
      var product = parts.removeFirst()
      for part in parts {
        // The batch is no axis that one image's numbers could be repeated along.
        guard builder.graph.shape(of: product).rank == builder.graph.shape(of: part).rank else {
          throw context.invalid(
            "branches",
            "give \(builder.graph.shape(of: product)) and \(builder.graph.shape(of: part)), which have other numbers of axes"
          )
        }
        product = try builder.graph.multiply(product, part)
      }
      builder.value = product
    },
  ]
}

extension LayerBuilder {
  /// The outputs of `branches`, at least one.
  fileprivate mutating func branches(_ context: LayerContext) throws -> [Graph.Value] {
    let lists = try context.required(\.branches, "branches")
    guard !lists.isEmpty else { throw context.invalid("branches", "must hold at least one list") }
    var outputs: [Graph.Value] = []
    for (index, layers) in lists.enumerated() {
      outputs.append(try branch(layers, path: "\(context.path).branches[\(index)]"))
    }
    return outputs
  }
}
