import Graph
import Tensor

/// Attention within windows of a map (Liu et al., "Swin Transformer", 2021), as torchvision computes it.
extension LayerBuilder {
  /// The current value, `[N, H, W, C]`, attends to itself within each window. Maps are filled up with zeros to whole windows first and then
  /// turned by the shift, so that a window at the border holds parts of either side, which a mask keeps apart.
  mutating func windowAttention(_ context: LayerContext) throws {
    let shape = shape
    guard shape.rank == 4 else {
      throw ModelError.layer(layer: context.title, input: shape.description, reason: "expected [N, H, W, C]")
    }
    let (side, heads) = try windowSide(context)
    let windows = try WindowedMap(shape, window: side, context)
    try checkScores(windows, heads: heads, context)
    let table = try tensor(.shift, named: context.tensorName(Self.table), context)
    try attend(
      windows, heads: heads, similarity: .product, bias: positions(of: table, side: side, heads: heads), context)
  }

  /// Attention within the windows of the current value.
  /// - Parameter bias: `[heads, L, L]`, added to what queries and keys have in common.
  mutating func attend(
    _ windowed: WindowedMap, heads: Int, similarity: AttentionSimilarity, bias: Graph.Value, _ context: LayerContext
  ) throws {
    let shape = shape
    let (rows, columns, side, channels) = (windowed.rows, windowed.columns, windowed.rows.window, shape[3])
    var map = try graph.pad(value, low: [0, 0, 0, 0], high: [0, rows.padding, columns.padding, 0])
    map = try turned(map, by: rows.shift, columns.shift)
    let split: Shape = [shape[0], rows.count, side, columns.count, side, channels]
    let windows = try graph.reshape(
      graph.transpose(graph.reshape(map, to: split), [0, 1, 3, 2, 4, 5]),
      to: [shape[0], rows.count * columns.count, side * side, channels])
    var addend = bias
    if rows.shift + columns.shift > 0 { addend = try graph.add(addend, graph.constant(Self.mask(rows, columns))) }
    let attended = try selfAttention(windows, heads: heads, similarity: similarity, adding: addend, context)
    map = try graph.transpose(
      graph.reshape(attended, to: [shape[0], rows.count, columns.count, side, side, channels]), [0, 1, 3, 2, 4, 5])
    map = try graph.reshape(map, to: [shape[0], rows.padded, columns.padded, channels])
    map = try turned(map, by: -rows.shift, -columns.shift)
    map = try graph.slice(map, axis: 1, start: 0, count: rows.extent)
    value = try graph.slice(map, axis: 2, start: 0, count: columns.extent)
  }

  /// Swin's reduction of a map `[N, H, W, C]`: the channels of 2 x 2 neighbours side by side, those of a column together, after a border of
  /// zeros where the extent is odd.
  mutating func mergePatches(_ context: LayerContext) throws {
    let shape = shape
    guard shape.rank == 4 else {
      throw ModelError.layer(layer: context.title, input: shape.description, reason: "expected [N, H, W, C]")
    }
    let padded = try graph.pad(value, low: [0, 0, 0, 0], high: [0, shape[1] % 2, shape[2] % 2, 0])
    let (height, width) = ((shape[1] + 1) / 2, (shape[2] + 1) / 2)
    let pairs = try graph.reshape(padded, to: [shape[0], height, 2, width, 2, shape[3]])
    value = try graph.reshape(
      graph.transpose(pairs, [0, 1, 3, 4, 2, 5]), to: [shape[0], height, width, 4 * shape[3]])
  }

  private static let table = "relative_position_bias_table"

  /// Side of the windows and number of heads, as the table of biases has them.
  private func windowSide(_ context: LayerContext) throws -> (side: Int, heads: Int) {
    let name = try context.tensorName(Self.table)
    let shape = try requiredShape(name, context)
    let channels = self.shape[3]
    guard shape.count == 2, shape[1] > 0, channels % shape[1] == 0,
      let side = (1...Self.largestWindow).first(where: { (2 * $0 - 1) * (2 * $0 - 1) == shape[0] })
    else {
      throw ModelError.tensorShape(
        file: weights.file, layer: context.title, tensor: name, got: shape,
        expected:
          "[(2 w - 1)^2, heads] of windows of w x w, w up to \(Self.largestWindow), and heads that divide \(channels)",
        isDescribed: isDescribed)
    }
    return (side, shape[1])
  }

  /// Of a tensor that tells sizes.
  /// - Throws: `ModelError.missingTensor`.
  func requiredShape(_ name: String, _ context: LayerContext) throws -> [Int] {
    guard let shape = weights.shape(name) else {
      throw ModelError.missingTensor(
        file: weights.file, layer: context.title, tensor: name, nearest: weights.namesNear(name))
    }
    return shape
  }

  /// Published ones have up to 24.
  static let largestWindow = 64
  /// Numbers of bias and mask of one image: 256 MiB. They are made before a graph's size is looked at.
  private static let largestScores = 1 << 26

  func checkScores(_ map: WindowedMap, heads: Int, _ context: LayerContext) throws {
    let side = map.rows.window
    let matrices = Double(map.rows.count) * Double(map.columns.count) * Double(heads)
    let scores = matrices * Double(side * side) * Double(side * side)
    guard scores <= Double(Self.largestScores) else {
      throw ModelError.layer(
        layer: context.title, input: shape.description,
        reason:
          "compares more than \(Self.largestScores) pairs of places of its windows of \(side) x \(side), the most that is accepted"
      )
    }
  }

  /// `[heads, L, L]`: the rows of a table `[(2 w - 1)^2, heads]` by how far the key's place is from the query's.
  mutating func positions(of table: Graph.Value, side: Int, heads: Int) throws -> Graph.Value {
    let places = side * side
    var indices: [Int] = []
    indices.reserveCapacity(places * places)
    for query in 0..<places {
      for key in 0..<places {
        let (down, across) = (query / side - key / side, query % side - key % side)
        indices.append((down + side - 1) * (2 * side - 1) + across + side - 1)
      }
    }
    let rows = try graph.take(table, axis: 0, indices: indices)
    return try graph.reshape(graph.transpose(rows, [1, 0]), to: [heads, places, places])
  }

  /// The map with `rows` and `columns` of its start at its end.
  private mutating func turned(_ map: Graph.Value, by rows: Int, _ columns: Int) throws -> Graph.Value {
    var map = map
    for (axis, shift) in [(1, rows), (2, columns)] where shift != 0 {
      let extent = graph.shape(of: map)[axis]
      map = try graph.take(map, axis: axis, indices: (0..<extent).map { ($0 + shift + extent) % extent })
    }
    return map
  }

  /// `[windows, 1, L, L]`: 0 where both places are of one part of the map, otherwise the published code's -100.
  private static func mask(_ rows: WindowedAxis, _ columns: WindowedAxis) -> Tensor {
    let side = rows.window
    let places = side * side
    return Tensor(shape: [rows.count * columns.count, 1, places, places]) { mask in
      var index = 0
      for row in 0..<rows.count {
        for column in 0..<columns.count {
          let parts = (0..<places).map { place in
            3 * rows.part(row * side + place / side) + columns.part(column * side + place % side)
          }
          for query in parts {
            for key in parts {
              mask[index] = query == key ? 0 : -100
              index += 1
            }
          }
        }
      }
    }
  }
}

/// A map `[N, H, W, C]` that is cut into square windows.
struct WindowedMap {
  let rows: WindowedAxis
  let columns: WindowedAxis

  /// - Throws: as `WindowedAxis`.
  init(_ shape: Shape, window: Int, _ context: LayerContext) throws {
    rows = try WindowedAxis(extent: shape[1], window: window, context)
    columns = try WindowedAxis(extent: shape[2], window: window, context)
  }
}

/// One axis of a map that is cut into windows.
struct WindowedAxis {
  let extent: Int
  let window: Int
  let count: Int
  /// By which the map is turned: none where one window holds the axis.
  let shift: Int
  var padded: Int { count * window }
  var padding: Int { padded - extent }

  /// - Throws: `ModelError.invalidOption` for a shift that is no place of a window.
  init(extent: Int, window: Int, _ context: LayerContext) throws {
    let shift = context.layer.shiftSize ?? 0
    try context.check(shift, "shiftSize", atLeast: 0, atMost: window - 1)
    self.extent = extent
    self.window = window
    count = (extent + window - 1) / window
    self.shift = extent <= window ? 0 : shift
  }

  /// Which part of the map before it was turned a place is of: those of the last window are of two.
  func part(_ place: Int) -> Int {
    shift == 0 || place < padded - window ? 0 : place < padded - shift ? 1 : 2
  }
}
