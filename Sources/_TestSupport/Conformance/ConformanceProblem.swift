import Tensor

/// Something that a conformer to one of BenchCore's protocols does and must not do, in words.
///
/// The checks of this folder return lists of them and know no test framework: a plugin's own tests expect the list to be
/// empty and print it where it is not.
public struct ConformanceProblem: Sendable, Hashable, CustomStringConvertible {
  /// What was checked, such as `"manifold glyphs-exact"`.
  public let subject: String
  public let requirement: ConformanceRequirement
  /// What was found, with numbers.
  public let finding: String

  public init(subject: String, requirement: ConformanceRequirement, finding: String) {
    self.subject = subject
    self.requirement = requirement
    self.finding = finding
  }

  public var description: String { "\(subject): \(finding). \(requirement.meaning) (\(requirement.rawValue))" }
}

/// What conformers have to keep to.
public enum ConformanceRequirement: String, Sendable, CaseIterable {
  case declaration
  case noError = "no-error"
  case shape
  case finite
  case determinism
  case concurrency
  case batchInvariance = "batch-invariance"
  case emptyBatch = "empty-batch"
  case derivative
  case linearity
  case cotangents
  case errorPropagation = "error-propagation"
  case orthonormality
  case projection
  case denoising
  case normalisation
  case noise
  case selfAlignment = "self-alignment"
  case scaleInvariance = "scale-invariance"
  case undefined
  case images
  case consistency
  case recognition
  case refusal
  case errorMessage = "error-message"

  /// Why it is required: what a result would suffer.
  public var meaning: String {
    switch self {
    case .declaration: "Results and lists are read by what a conformer says of itself"
    case .noError: "Valid input must not fail"
    case .shape: "Whoever calls relies on the documented shapes"
    case .finite: "NaN and infinity spread into every statistic"
    case .determinism: "The same command must write the same result twice"
    case .concurrency: "Conformers are Sendable and are called from several threads at once"
    case .batchInvariance:
      "An image's numbers must not depend on the other images of the call, or results depend on batch size and order"
    case .emptyBatch: "No images are a legal batch and give empty results"
    case .derivative: "Sensitivity and alignment are measured on these gradients, so they must be those of the function"
    case .linearity: "A vector-Jacobian product is linear in its cotangent; what is not is no gradient"
    case .cotangents: "Each gradient belongs to its own cotangent and must not change with what else is asked for"
    case .errorPropagation: "A caller's error ends the work, as when the user cancels"
    case .orthonormality: "Sensitivities are split by projections, which need orthonormal rows"
    case .projection: "A projection applied twice is the projection, and what it leaves is orthogonal to it"
    case .denoising: "By Tweedie's formula the score removes noise: one that adds to it has a wrong sign or scale"
    case .normalisation: "Posteriors follow from the priors, which are probabilities"
    case .noise: "Noise hides the class: posteriors approach the priors as it grows, and noise 0 is its limit"
    case .selfAlignment: "Nothing is more alike than a thing is to itself"
    case .scaleInvariance:
      "Gradients of different targets differ in length by orders of magnitude; alignment is of directions"
    case .undefined: "What is undefined must be NaN, so that it is counted and left out instead of averaged"
    case .images: "Models are compared on the same images, whatever number of them is used"
    case .consistency: "The parts of a task are used together"
    case .recognition: "The format is told by content, and what is not the plugin's must be left to others"
    case .refusal: "A file that is no checkpoint, or is part of one, must not become a model"
    case .errorMessage: "Whoever evaluates many files has to see which one failed"
    }
  }
}

/// Collects the problems of one subject.
struct ConformanceReport {
  let subject: String
  private(set) var problems: [ConformanceProblem] = []

  init(_ subject: String) { self.subject = subject }

  mutating func add(_ requirement: ConformanceRequirement, _ finding: String) {
    problems.append(ConformanceProblem(subject: subject, requirement: requirement, finding: finding))
  }

  /// - Returns: whether the condition holds.
  @discardableResult
  mutating func require(
    _ condition: Bool, _ requirement: ConformanceRequirement, _ finding: @autoclosure () -> String
  ) -> Bool {
    if !condition { add(requirement, finding()) }
    return condition
  }

  /// The result of `body`; nil, and a problem, where it throws.
  mutating func attempt<Result>(
    _ what: String, as requirement: ConformanceRequirement = .noError, _ body: () throws -> Result
  ) -> Result? {
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
