/// Why a sweep was refused or stopped.
package enum SweepError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Unusable strengths, seeds or shards.
  case grid(String)
  /// The folder holds a sweep that was configured otherwise.
  case configurationDiffers(file: String, differences: [String])
  /// A file that would be replaced, in a folder that is no sweep's.
  case otherContent(file: String, missing: String)
  case notASweep(folder: String, missing: String)
  case unreadable(file: String, reason: String)
  case unwritable(file: String, reason: String)
  /// What training left behind is not what was asked for.
  case wrongModel(cell: String, expected: String, got: String)
  case modelsFailed([CellFailure])
  /// Sweeps that cannot stand in one figure.
  case notComparable(first: String, second: String, difference: String)

  package struct CellFailure: Sendable, Equatable {
    package let cell: String
    package let reason: String

    package init(cell: String, reason: String) { (self.cell, self.reason) = (cell, reason) }
  }

  package var description: String {
    switch self {
    case .grid(let problem): problem
    case .configurationDiffers(let file, let differences):
      "\(file): the folder holds a sweep of another configuration; choose another --output, or the same options. "
        + "What differs: " + differences.prefix(12).joined(separator: "; ")
        + (differences.count > 12 ? "; and \(differences.count - 12) more" : "")
    case .otherContent(let file, let missing):
      "\(file): is there already, in a folder that holds no sweep (\(missing) is not there); choose another --output"
    case .notASweep(let folder, let missing):
      "\(folder): holds no sweep (\(missing) is not there); pass the --output folder of a sweep"
    case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
    case .unwritable(let file, let reason): "\(file): cannot be written: \(reason); free the place or choose another"
    case .wrongModel(let cell, let expected, let got): "\(cell): expected \(expected), got \(got)"
    case .modelsFailed(let failures):
      "\(failures.count) model\(failures.count == 1 ? "" : "s") of the sweep failed; the same command tries again:\n"
        + failures.map { "  \($0.cell): \($0.reason)" }.joined(separator: "\n")
    case .notComparable(let first, let second, let difference):
      "\(first) and \(second) cannot stand in one figure: \(difference)"
    }
  }
}
