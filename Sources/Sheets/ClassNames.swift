import BenchCore
import Foundation
import Text

/// Names of a task's classes as a picture may show them: they may come from a file.
struct ClassNames {
  private let names: [String]

  init(_ task: any BenchmarkTask) { self.init(task.classNames) }

  init(_ names: [String]) { self.names = names.map(Self.shown) }

  subscript(label: Int) -> String { names.indices.contains(label) ? names[label] : "class \(label)" }

  /// What a model says of an image, and whether that is so.
  func verdict(_ predicted: Int, _ probability: Double, _ label: Int) -> String {
    let text = "\(self[predicted]) (\(String(format: "%.2f", probability)))"
    return predicted == label ? text : text + ", wrong"
  }

  /// Composed, so that a letter with its accents is one; without what is not shown as itself.
  static func shown(_ text: String) -> String { PlainText.shown(text.precomposedStringWithCanonicalMapping) }
}

/// A text of somebody else as a heading.
package func shownName(_ text: String) -> String { ClassNames.shown(text) }
