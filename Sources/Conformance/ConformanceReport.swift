import Tensor

/// Collects the problems of one subject.
struct ConformanceReport {
  let subject: String
  let rounding: Double
  private(set) var problems: [ConformanceProblem] = []
  /// What is not wrong and still has to be known.
  private(set) var remarks: [ConformanceProblem] = []
  /// What was looked at, whether or not it held.
  private(set) var checked: Set<ConformanceRequirement> = []

  /// - Parameter rounding: by how much of their norm numbers may differ that should be the same.
  init(_ subject: String, rounding: Double = 0) {
    self.subject = subject
    self.rounding = rounding
  }

  mutating func add(_ requirement: ConformanceRequirement, _ finding: String) {
    checked.insert(requirement)
    problems.append(ConformanceProblem(subject: subject, requirement: requirement, finding: finding))
  }

  /// Notes that the requirement was looked at, and the finding where it does not hold.
  mutating func check(_ requirement: ConformanceRequirement, finding: String?) {
    checked.insert(requirement)
    if let finding { add(requirement, finding) }
  }

  mutating func remark(_ requirement: ConformanceRequirement, _ finding: String) {
    checked.insert(requirement)
    remarks.append(ConformanceProblem(subject: subject, requirement: requirement, finding: finding))
  }

  /// - Returns: whether the condition holds.
  @discardableResult
  mutating func require(
    _ condition: Bool, _ requirement: ConformanceRequirement, _ finding: @autoclosure () -> String
  ) -> Bool {
    checked.insert(requirement)
    if !condition { add(requirement, finding()) }
    return condition
  }

  /// The result of `body`; nil, and a problem, where it throws.
  mutating func attempt<Result>(
    _ what: String, as requirement: ConformanceRequirement = .noError, _ body: () throws -> Result
  ) -> Result? {
    checked.insert(requirement)
    do { return try body() } catch {
      add(requirement, "\(what) throws \(error)")
      return nil
    }
  }

  /// Names in results: lower-case letters, digits and hyphens.
  mutating func requireIdentifier(_ id: String) {
    require(
      id.wholeMatch(of: /[a-z0-9]+(-[a-z0-9]+)*/) != nil, .declaration,
      "the id `\(id)` is not made of lower-case letters and digits joined by single hyphens")
  }

  mutating func requireFinite(_ tensor: Tensor, _ what: String) {
    let count = tensor.scalars.count { !$0.isFinite }
    require(count == 0, .finite, "\(count) of \(tensor.scalars.count) scalars of \(what) are NaN or infinite")
  }

  mutating func requireFinite(_ matrix: Matrix, _ what: String) {
    let count = matrix.scalars.count { !$0.isFinite }
    require(count == 0, .finite, "\(count) of \(matrix.scalars.count) numbers of \(what) are NaN or infinite")
  }

  /// - Returns: whether the shape is the expected one.
  @discardableResult
  mutating func requireShape(_ got: Shape, _ expected: Shape, _ what: String) -> Bool {
    require(got == expected, .shape, "\(what) have shape \(got), expected \(expected)")
  }

  /// - Returns: whether the extents are the expected ones.
  @discardableResult
  mutating func requireShape(_ got: Matrix, rows: Int, columns: Int, _ what: String) -> Bool {
    require(
      got.rows == rows && got.columns == columns, .shape,
      "\(what) are \(got.rows) x \(got.columns), expected \(rows) x \(columns)")
  }
}
