import JSON

/// What a `type` of layer accepts and how it becomes graph nodes. Each group of types stands in a file of its own.
struct LayerType: Sendable {
  let name: String
  /// One line for lists.
  let summary: String
  /// Names of the options that apply, beside `type`.
  let options: [String]
  let build: @Sendable (inout LayerBuilder, LayerContext) throws -> Void

  static let all: [String: LayerType] = Dictionary(
    (parametricTypes + parameterTypes + attentionTypes + activationTypes + poolingTypes + movementTypes + compositeTypes)
      .map { ($0.name, $0) },
    uniquingKeysWith: { first, _ in first })

  /// An option that the type ignores is a misunderstanding that would silently change the network.
  func check(_ layer: Layer, title: String) throws {
    let given =
      try JSONDecoding.decode(
        JSONValue.self, from: JSONEncoding.encode(layer), source: title
      ).objectValue?.map(\.key) ?? []
    for option in given where option != "type" && !options.contains(option) {
      throw ModelError.unusedOption(layer: title, type: name, option: option, known: options)
    }
  }
}
