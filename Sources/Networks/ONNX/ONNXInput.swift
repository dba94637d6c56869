import BenchCore
import Checkpoints
import Graph
import Tensor

/// How images reach the graph's input.
struct ONNXInput: Sendable {
  enum Layout: Sendable, Equatable {
    /// `[N, C, H, W]`
    case channelsFirst
    /// `[N, H, W, C]`
    case channelsLast
    /// The pixels of `[C, H, W]` in this order, in another shape `[N, ...]`.
    case flat([Int])
  }

  let name: String
  /// `[C, H, W]`.
  let imageShape: Shape
  let layout: Layout
  /// The number of images the file fixes, nil where it does not.
  let batch: Int?
  /// Whether the input is of eight-bit pixels, 0 to 255.
  let takesBytes: Bool

  /// - Parameter wanted: `[C, H, W]` of the task's images, where known.
  /// - Throws: `ONNXImportError.inputs`.
  init(_ model: ONNXModel, wanted: Shape?) throws {
    func failure(_ reason: String) -> ONNXImportError { .inputs(file: model.file, reason: reason) }
    guard let input = model.graph.inputs.first, model.graph.inputs.count == 1 else {
      let names = model.graph.inputs.prefix(4).map { "`\($0.name)`" } + (model.graph.inputs.count > 4 ? ["..."] : [])
      throw failure(
        "the graph has \(model.graph.inputs.count) inputs\(names.isEmpty ? "" : " (\(names.joined(separator: ", ")))"), "
          + "expected one, the images"
          + (model.graph.inputs.count > 1
            ? "; where the others are weights, export the model with them (export_params=True)" : "")
      )
    }
    takesBytes = input.elementType == .read(.uint8)
    if let type = input.elementType, type.dtype?.isFloatingPoint != true, !takesBytes {
      throw failure(
        "the input `\(input.name)` is of type \(type), expected float32 or uint8; export the model from where its images are real "
          + "numbers")
    }
    guard let shape = input.shape, let first = shape.first else {
      throw failure("the input `\(input.name)` has no shape, expected [N, C, H, W] or [N, H, W, C]")
    }
    name = input.name
    batch = if case .fixed(let count) = first { count } else { nil }
    guard batch.map({ $0 >= 1 }) ?? true else { throw failure("the input `\(input.name)` is for no image at all") }
    let extents = shape.dropFirst().map { extent -> Int? in if case .fixed(let size) = extent { size } else { nil } }
    guard let (layout, own) = Self.recognise(extents, wanted: wanted) else {
      let text = shape.map { extent in
        switch extent {
        case .fixed(let size): "\(size)"
        case .free(let symbol): symbol.isEmpty ? "?" : symbol
        }
      }.joined(separator: ", ")
      throw failure(
        "the input `\(input.name)` has shape [\(text)], "
          + (wanted.map { "which does not take images of \($0)" + Self.enlargement(extents, wanted: $0) }
            ?? "whose image size is not known: name the task with --task")
          + "; expected [N, C, H, W] or [N, H, W, C]")
    }
    guard own.count >= 1, own.count < 1 << 28 else { throw failure("images of \(own) are not possible") }
    self.layout = layout
    imageShape = own
  }

  /// What would make images of another size the graph's.
  private static func enlargement(_ extents: [Int?], wanted: Shape) -> String {
    guard extents.count == 3, let first = extents[0], let second = extents[1], let third = extents[2] else { return "" }
    let size = first == wanted[0] ? (second, third) : third == wanted[0] ? (first, second) : nil
    guard let (height, width) = size, Preprocessing.sides.contains(height), Preprocessing.sides.contains(width) else {
      return ""
    }
    return " (if the network was trained on them enlarged: --resize \(height),\(width))"
  }

  /// - Parameter extents: those behind the batch, nil where free.
  private static func recognise(_ extents: [Int?], wanted: Shape?) -> (Layout, Shape)? {
    func fits(_ given: [Int]) -> Bool { zip(extents, given).allSatisfy { $0 == nil || $0 == $1 } }
    if extents.count == 3 {
      if let wanted {
        if fits(wanted.dimensions) { return (.channelsFirst, wanted) }
        if fits([wanted[1], wanted[2], wanted[0]]) { return (.channelsLast, wanted) }
      }
      let fixed = extents.compactMap { $0 }
      if wanted == nil, fixed.count == 3, let shape = Shape(checking: fixed) {
        // One or three channels are told from the sizes; where both places could be, the field's usual one is taken.
        let isLast = [1, 3].contains(fixed[2]) && ![1, 3].contains(fixed[0])
        return isLast ? (.channelsLast, Shape([fixed[2], fixed[0], fixed[1]])) : (.channelsFirst, shape)
      }
    }
    // Networks without convolutions take the pixels in a row.
    guard let wanted else { return nil }
    let fixed = extents.compactMap { $0 }
    guard fixed.count == extents.count, let shape = Shape(checking: fixed), shape.count == wanted.count else {
      return nil
    }
    return (.flat(fixed), wanted)
  }

  /// Images `[N, C, H, W]` as the graph wants them.
  func arranged(_ images: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    switch layout {
    case .channelsFirst: return images
    case .channelsLast: return try graph.transpose(images, [0, 2, 3, 1])
    case .flat(let extents):
      return try graph.reshape(images, to: Shape([graph.shape(of: images)[0]] + extents))
    }
  }

  /// What a user should know, nil for the usual layout.
  var note: String? {
    switch layout {
    case .channelsFirst: nil
    case .channelsLast: "the graph takes images as [N, H, W, C]; they are transposed for it"
    case .flat(let extents):
      "the graph takes the pixels of [C, H, W] in a row, as [N, " + extents.map(String.init).joined(separator: ", ")
        + "]"
    }
  }
}
