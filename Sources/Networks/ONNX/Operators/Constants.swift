import Checkpoints
import Graph
import Tensor

extension ONNXOperators {
  /// Values from nothing, and what only concerns shapes and types.
  static let constants: [ONNXOperator] = [
    ONNXOperator("Constant") { node, graph in [try constant(node, &graph)] },
    ONNXOperator("ConstantOfShape", opsets: 9...opsets.upperBound) { node, graph in
      let shape = try node.checkedShape(node.integers(0, graph))
      guard shape.count < 1 << 26 else { throw node.failure("makes \(shape.count) elements") }
      guard case .tensor(let tensor)? = node.node.attributes["value"] else {
        return [.real(graph.constant(Tensor(shape: shape, repeating: 0)))]
      }
      switch try ImportedValue(tensor, file: node.file, &graph) {
      case .integers(let value):
        guard let element = value.values.first, shape.count < 1 << 24 else {
          throw node.failure("makes \(shape.count) integers of \(value.values.count) values")
        }
        return [
          .integers(
            IntegerTensor(shape: shape, values: [Int](repeating: element, count: shape.count), kind: value.kind))
        ]
      case .graph(let value, let kind):
        guard let element = graph.constantTensor(value)?.scalars.first else { throw node.failure("its value is empty") }
        return [.graph(graph.constant(Tensor(shape: shape, repeating: element)), kind)]
      }
    },
    ONNXOperator("Shape") { node, graph in
      let extents = try node.shape(0, graph).dimensions
      func position(_ index: Int) -> Int {
        min(max(index < 0 ? index.clamped(1 << 31) + extents.count : index, 0), extents.count)
      }
      let start = position(try node.int("start", 0))
      let end = position(try node.int("end", extents.count))
      return [.integers(IntegerTensor(start < end ? Array(extents[start..<end]) : []))]
    },
    ONNXOperator("Size") { node, graph in
      [.integers(IntegerTensor(shape: [], values: [try node.shape(0, graph).count]))]
    },
    ONNXOperator("Range", opsets: 11...opsets.upperBound, range),
    ONNXOperator("Cast") { node, graph in
      guard let type = try node.int("to") else { throw node.failure("does not say to which type") }
      return [try cast(node, to: ONNXElementType(type), &graph)]
    },
    ONNXOperator("CastLike", opsets: 15...opsets.upperBound) { node, graph in
      let type: DType =
        switch try node.input(1).kind {
        case .real: .float32
        case .integer: .int64
        case .boolean: .bool
        }
      return [try cast(node, to: .read(type), &graph)]
    },
    ONNXOperator("NonZero", opsets: 9...opsets.upperBound, integers: .computes(nonZero)) { node, _ in
      throw node.failure("the number of its results depends on the images")
    },
    ONNXOperator("Trilu", opsets: 14...opsets.upperBound, trilu),
  ]

  private static func constant(_ node: NodeContext, _ graph: inout Graph) throws -> ImportedValue {
    for (name, attribute) in node.node.attributes {
      switch (name, attribute) {
      case ("value", .tensor(let tensor)): return try ImportedValue(tensor, file: node.file, &graph)
      case ("value_float", .float(let value)): return .real(graph.constant(value))
      case ("value_floats", .floats(let values)):
        return .real(graph.constant(Tensor(shape: [values.count], scalars: values)))
      case ("value_int", .int(let value)): return .integers(IntegerTensor(shape: [], values: [value]))
      case ("value_ints", .ints(let values)): return .integers(IntegerTensor(values))
      default: continue
      }
    }
    throw node.failure("has no value that is a dense tensor of numbers (\(node.node.attributes.keys.sorted()))")
  }

  @Sendable private static func range(_ node: NodeContext, _ graph: inout Graph) throws -> [ImportedValue] {
    if try (0..<3).allSatisfy({ try node.input($0).kind == .integer }) {
      let bounds = try (0..<3).flatMap { try node.integers($0, graph) }
      guard bounds.count == 3, bounds[2] != 0 else { throw node.failure("the bounds are \(bounds)") }
      // Counted first: the file may ask for anything.
      let distance = Double(bounds[1]) - Double(bounds[0])
      guard distance / Double(bounds[2]) < Double(1 << 24) else {
        throw node.failure("makes more than \(1 << 24) integers")
      }
      // The place behind the last one may be no 64-bit integer.
      var (values, next) = ([Int](), (partialValue: bounds[0], overflow: false))
      while !next.overflow, bounds[2] > 0 ? next.partialValue < bounds[1] : next.partialValue > bounds[1] {
        values.append(next.partialValue)
        next = next.partialValue.addingReportingOverflow(bounds[2])
      }
      return [.integers(IntegerTensor(values))]
    }
    let bounds = try (0..<3).flatMap { try node.floats($0, graph) }
    guard bounds.count == 3, bounds[2] != 0, bounds.allSatisfy(\.isFinite) else {
      throw node.failure("the bounds are \(bounds)")
    }
    let count = max(0, ((bounds[1] - bounds[0]) / bounds[2]).rounded(.up))
    guard count < 0x1p24 else { throw node.failure("makes \(count) numbers") }
    let values = (0..<Int(count)).map { bounds[0] + Float($0) * bounds[2] }
    return [.real(graph.constant(Tensor(shape: [values.count], scalars: values)))]
  }

  /// All real types are float32 here.
  private static func cast(
    _ node: NodeContext, to type: ONNXElementType, _ graph: inout Graph
  ) throws -> ImportedValue {
    guard let type = type.dtype else { throw node.failure("makes elements of type \(type), which are not read") }
    let kind: ElementKind = type.isFloatingPoint ? .real : type == .bool ? .boolean : .integer
    switch (try node.input(0), kind) {
    case (.integers(let tensor), .boolean):
      return .integers(IntegerTensor(shape: tensor.shape, values: tensor.values.map { $0 == 0 ? 0 : 1 }, kind: kind))
    case (.integers(let tensor), .integer):
      return .integers(IntegerTensor(shape: tensor.shape, values: tensor.values, kind: kind))
    case (.integers(let tensor), .real): return .real(graph.constant(tensor.tensor))
    case (.graph(let value, let from), _):
      if from == kind { return .graph(value, kind) }
      switch kind {
      case .real: return .real(value)
      case .boolean:
        // NaN counts as true, as everywhere.
        return .graph(try graph.subtract(graph.constant(1), graph.equal(value, graph.constant(0))), kind)
      case .integer:
        // Numbers that are known become exact integers again: sizes that were computed as real numbers.
        if graph.isKnown(value, given: node.known) {
          let values = try node.floats(0, graph).map { try node.integer($0) }
          return .integers(IntegerTensor(shape: graph.shape(of: value), values: values))
        }
        return .graph(try graph.truncate(value), kind)
      }
    }
  }

  @Sendable private static func nonZero(_ node: NodeContext, _ inputs: [IntegerTensor]) throws -> IntegerTensor? {
    let x = inputs[0]
    let places = x.values.indices.filter { x.values[$0] != 0 }
    let coordinates = zip(x.shape.strides, x.shape.dimensions).flatMap { stride, extent in
      places.map { $0 / stride % extent }
    }
    return IntegerTensor(shape: [x.shape.rank, places.count], values: coordinates)
  }

  /// Zeros above (or below) a diagonal of the last two axes.
  @Sendable private static func trilu(_ node: NodeContext, _ graph: inout Graph) throws -> [ImportedValue] {
    let x = try node.value(0, &graph)
    let shape = graph.shape(of: x)
    guard shape.rank >= 2 else { throw node.failure("needs two axes, got \(shape)") }
    // The mask of an empty tensor need not be small.
    guard shape.count > 0 else { return [.graph(x, try node.input(0).kind)] }
    let diagonal = try node.optionalIntegers(1, graph)?.first ?? 0
    let keepsUpper = try node.flag("upper", true)
    let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
    let offset = diagonal.clamped(rows + columns)
    let mask = Tensor(shape: [rows, columns]) { buffer in
      for row in 0..<rows {
        for column in 0..<columns {
          let isKept = keepsUpper ? column - row >= offset : column - row <= offset
          buffer[row * columns + column] = isKept ? 1 : 0
        }
      }
    }
    let result = try graph.select(graph.constant(mask), x, graph.constant(0))
    return [.graph(result, try node.input(0).kind)]
  }
}
