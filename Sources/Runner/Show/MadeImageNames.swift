import BenchCore
import Sheets
import Synthesis
import Tensor

/// What stands below images that were made.
struct MadeImageNames {
  private let names: [String]
  private let word: String?

  init(_ task: any BenchmarkTask, _ change: ChangeMeasurement) {
    names = task.classNames.map(shownName)
    word = task.density == nil ? nil : change.referenceWord
  }

  subscript(label: Int) -> String { names.indices.contains(label) ? names[label] : "class \(label)" }

  /// For the sheet.
  var notes: [String] {
    let posterior =
      word.map {
        [
          "\($0): posterior of the class by the \($0 == "Bayes" ? "exact" : "fitted") density, without noise."
        ]
      } ?? []
    return ["model: probability of the class. changed: L2 length of the change, in pixel units."] + posterior
  }

  /// The class, what density and model say of it, and how much was changed.
  /// - Parameters:
  ///   - starts: nil for images that nothing was done to.
  ///   - target: whether to name the class although something was done.
  ///   - rows: of the images, those wanted.
  func captions(
    of images: Tensor, _ targets: [Int], _ change: ChangeMeasurement, from starts: Tensor? = nil,
    by classifier: (any Classifier)? = nil, target: Bool = false, rows: [Int]
  ) throws -> [[String]] {
    let wanted = images.items(rows)
    let classes = rows.map { targets[$0] }
    let posteriors = try change.posteriors(of: classes, at: wanted)
    let logits = try classifier?.checkedLogits(wanted) { "made image \($0)" }
    let lengths = starts.map { starts in
      let changes = wanted.minus(starts.items(rows))
      return rows.indices.map { squaredNorm(changes.item($0)).squareRoot() }
    }
    return rows.indices.map { row in
      var lines = starts == nil || target ? ["to \(self[classes[row]])"] : []
      if let logits {
        lines.append("model \(fixed(softmax(logits.item(row).map(Double.init))[classes[row]], 2))")
      }
      if let word, let posteriors { lines.append("\(word) \(fixed(posteriors[row], 2))") }
      if let lengths { lines.append("changed \(significant(lengths[row]))") }
      return lines
    }
  }

  /// Of each change's energy.
  func shares(of changes: Tensor, _ mask: SignalMask, rows: [Int]) -> [[String]] {
    let shares = mask.energyShares(of: changes)
    return rows.map { ["signal \(shares[$0].isNaN ? "-" : fixed(shares[$0], 2))"] }
  }
}
