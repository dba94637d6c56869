import BenchCore
import Foundation
import Text

/// Whether data are those that a task is about.
enum PublishedData {
  /// A file in the data's folder that says, in its first line, that they are made on purpose, and what they are. Results are then
  /// recorded under that name, on this machine's leaderboard too.
  static let ownDataFile = "own-data.txt"

  /// What is known of the files of a split.
  struct Split {
    /// `"train"` or `"test"`.
    let name: String
    /// What is unknown, in words.
    private(set) var unknown: [String] = []
    /// Images that are there, and those of the whole files.
    private(set) var count = 0
    private(set) var wholeCount = 0

    init(name: String) { self.name = name }

    /// Of a form that does not tell the published parts apart, which follow each other in it.
    /// - Parameters:
    ///   - title: of the data set that it is to be.
    ///   - file: where the images are, for messages.
    /// - Throws: as `add`; `DatasetError.otherDataset`.
    init(
      name: String, of images: PixelDataset, title: String, parts: [PublishedPart], file: String, classNames: [String]
    ) throws {
      self.name = name
      let labels = images.labels.map { UInt8(truncatingIfNeeded: $0) }
      if let other = OtherDatasets.name(labels: labels, files: []), other != title {
        throw DatasetError.otherDataset(file: file, expected: title, found: other)
      }
      var start = 0
      for part in parts {
        let end = min(images.count, start + part.wholeCount)
        try add(images.choosing(Array(start..<end)), as: part, file: file, classNames: classNames)
        start = end
      }
    }

    /// - Parameter file: where the labels are, for messages.
    /// - Throws: `DatasetError` for published images that were altered, and what reading them throws.
    mutating func add(
      _ data: PixelDataset, as part: PublishedPart, file: String, classNames: [String]
    ) throws {
      count += data.count
      wholeCount += part.wholeCount
      // No published set that is known has more than 100 classes.
      let labels = data.labels.map { UInt8(truncatingIfNeeded: $0) }
      switch part.finding(pixels: try data.bytes(0..<data.count), labels: labels, imageShape: data.imageShape) {
      case .published: return
      case .otherChannels(let arrangement):
        throw DatasetError.otherChannels(file: file, dataset: part.dataset, found: arrangement.words)
      case .otherLabels(let renamed):
        let names = renamed.map { renamed in
          renamed.filter { $0 != $1 }.sorted { $0.key < $1.key }.map { published, here in
            "class \(published) (\(classNames[Int(published)])) is called \(here)"
          }.joined(separator: ", ")
        }
        throw DatasetError.otherLabels(file: file, dataset: part.dataset, renamed: names)
      case .unknown(let what): unknown.append("\(part.name): \(what)")
      }
    }
  }

  /// What readers of a number must know of the data it was measured on; nil where they are the whole published ones, and where the folder's
  /// owner gives them a name of their own.
  ///
  /// A part is remarked on because references are fitted to the training images: numbers of a part compare with those of the same part alone.
  static func remark(_ dataset: String, _ splits: [Split], in folder: URL) -> String? {
    guard ownData(in: folder) == nil else { return nil }
    let unknown = splits.flatMap(\.unknown)
    guard unknown.isEmpty else { return "the data are not known to be \(dataset) (\(unknown.joined(separator: "; ")))" }
    guard splits.contains(where: { $0.count < $0.wholeCount }) else { return nil }
    let counts = splits.map { "\($0.count) of \($0.wholeCount) \($0.name) images" }
    return "the data are a part of \(dataset) (\(counts.joined(separator: ", ")))"
  }

  /// What the folder's owner calls the data, one line of at most 100 characters; nil where they are to be the published ones.
  /// - Parameter place: the folder, or a file in it that `--data` named.
  static func ownData(in place: URL) -> String? {
    let folder = DatasetFiles.exists(place) ? place.deletingLastPathComponent() : place
    let text = (try? String(contentsOf: folder.appendingPathComponent(ownDataFile), encoding: .utf8)) ?? ""
    let line = text.split(whereSeparator: \.isNewline).first.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
    return line.isEmpty || line.count > 100 || PlainText.problem(in: line) != nil ? nil : line
  }
}
