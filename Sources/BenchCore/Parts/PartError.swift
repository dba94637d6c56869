/// Why parts of an evaluation were refused.
package enum PartError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The folder holds what was measured otherwise.
  case otherDefinition(folder: String, differences: [String])
  /// A part that does not belong to the definition beside it.
  case otherPart(file: String)
  case damaged(file: String, problem: String)
  /// A task, model or attack whose name cannot be that of a folder.
  case noName(String)

  package var description: String {
    switch self {
    case .otherDefinition(let folder, let differences):
      "\(folder): holds parts that were measured otherwise; choose another --parts, or the same model and options. What differs: "
        + differences.prefix(12).joined(separator: "; ")
        + (differences.count > 12 ? "; and \(differences.count - 12) more" : "")
    case .otherPart(let file):
      "\(file): was measured by another definition than definition.json beside it; remove the file, and it will be measured again"
    case .damaged(let file, let problem): "\(file): \(problem); remove the file, and it will be measured again"
    case .noName(let name):
      "`\(name)` cannot name a folder of parts: expected lower-case letters, digits, `.`, `_`, `-`; pass --id"
    }
  }
}

/// Parts that a merge needs and that are not there.
package struct MissingParts: Error, Sendable, Equatable, CustomStringConvertible {
  package struct Kind: Sendable, Equatable {
    /// In words, such as `"measurements"` or `"pgd-l2"`.
    package var what: String
    /// Which of `count` pieces.
    package var pieces: [Int]
    package var count: Int
    /// Of each of them.
    package var images: [Range<Int>]

    package init(what: String, pieces: [Int], count: Int, images: [Range<Int>]) {
      self.what = what
      self.pieces = pieces
      self.count = count
      self.images = images
    }
  }

  package var model: String
  /// None is empty.
  package var kinds: [Kind]

  package init(model: String, kinds: [Kind]) { (self.model, self.kinds) = (model, kinds) }

  package var description: String {
    "\(model): parts are missing: "
      + kinds.map { kind in
        "\(kind.what) of images \(Self.joined(kind.images)) (\(kind.pieces.count) of \(kind.count) parts)"
      }.joined(separator: "; ")
  }

  /// Neighbours as one range, in words.
  private static func joined(_ ranges: [Range<Int>]) -> String {
    var whole: [Range<Int>] = []
    for range in ranges {
      if let last = whole.last, last.upperBound == range.lowerBound {
        whole[whole.count - 1] = last.lowerBound..<range.upperBound
      } else {
        whole.append(range)
      }
    }
    let words = whole.map { "\($0.lowerBound) to \($0.upperBound - 1)" }
    return words.prefix(6).joined(separator: ", ") + (words.count > 6 ? " and more" : "")
  }
}
