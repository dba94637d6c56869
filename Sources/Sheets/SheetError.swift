import BenchCore

/// Why a sheet cannot be made.
package enum SheetError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A column that the task has nothing for.
  case lacking(TaskCapability, column: SheetColumn, task: String)
  case noModels(column: SheetColumn)
  case nothing
  case channels(task: String, count: Int)
  case tooManyCells(count: Int, limit: Int)

  package var description: String {
    switch self {
    case .lacking(let capability, let column, let task):
      "column \(column.rawValue): task \(task) has \(capability.words); choose others with --columns"
    case .noModels(let column): "column \(column.rawValue): is of models, and none was named"
    case .nothing: "there is nothing to show; name models or --columns"
    case .channels(let task, let count):
      "task \(task): its images have \(count) channels, expected 1 (grey) or 3 (RGB) for pictures"
    case .tooManyCells(let count, let limit):
      "a sheet of \(count) pictures, expected at most \(limit); show fewer images or models"
    }
  }
}
