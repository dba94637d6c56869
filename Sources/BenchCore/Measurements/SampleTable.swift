/// Per-image measurements: ordered named columns of equal length, one row per image.
///
/// Everything a result reports, its intervals and its regime follow from this table, so a rule can be applied again
/// without running the model. A value that is undefined for an image (the cosine of a zero gradient) is NaN.
public struct SampleTable: Sendable, Equatable {
  public struct Column: Sendable, Equatable {
    public let name: String
    public fileprivate(set) var values: [Double]
  }

  public private(set) var columns: [Column] = []
  private var positions: [String: Int] = [:]

  package init() {}

  /// - Precondition: as `append(_:_:)`.
  package init(_ columns: [(name: String, values: [Double])]) {
    for column in columns { append(column.name, column.values) }
  }

  public var rowCount: Int { columns.first?.values.count ?? 0 }

  /// The columns in order, in the form a safetensors writer takes.
  public var namedColumns: [(name: String, values: [Double])] { columns.map { ($0.name, $0.values) } }

  /// The values of a column, or nil where there is none of that name.
  public subscript(name: String) -> [Double]? { positions[name].map { columns[$0].values } }

  /// - Precondition: the name is new and the column is as long as those already there.
  package mutating func append(_ name: String, _ values: [Double]) {
    precondition(positions[name] == nil, "two columns named \(name)")
    precondition(columns.isEmpty || values.count == rowCount, "\(name) has \(values.count) rows, not \(rowCount)")
    positions[name] = columns.count
    columns.append(Column(name: name, values: values))
  }

  package mutating func append(columnsOf other: SampleTable) {
    for column in other.columns { append(column.name, column.values) }
  }

  /// Appends the rows of a table with the same columns in the same order, that of the next images.
  package mutating func append(rowsOf other: SampleTable) {
    guard !columns.isEmpty else {
      self = other
      return
    }
    precondition(columns.map(\.name) == other.columns.map(\.name), "tables with different columns")
    for index in columns.indices { columns[index].values.append(contentsOf: other.columns[index].values) }
  }
}
