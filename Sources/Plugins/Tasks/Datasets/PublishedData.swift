import BenchCore
import Foundation

/// Whether data are those that a task is about.
enum PublishedData {
  /// A file in the data's folder that says, in its first line, that they are made on purpose, and what they are. Results are then
  /// recorded under that name, on this machine's leaderboard too.
  static let ownDataFile = "own-data.txt"

  /// - Parameter file: where the labels are, for messages.
  /// - Returns: what is unknown, in words; empty where the data are the published ones.
  /// - Throws: `DatasetError` for published images that were altered.
  static func check(
    _ data: PixelDataset, as part: PublishedPart, file: String, classNames: [String]
  ) throws(DatasetError) -> [String] {
    switch part.finding(pixels: data.pixels, labels: data.labels, imageShape: data.imageShape) {
    case .published: return []
    case .otherChannels(let arrangement):
      throw .otherChannels(file: file, dataset: part.dataset, found: arrangement.words)
    case .otherLabels(let renamed):
      let names = renamed.map { renamed in
        renamed.filter { $0 != $1 }.sorted { $0.key < $1.key }.map { published, here in
          "class \(published) (\(classNames[Int(published)])) is called \(here)"
        }.joined(separator: ", ")
      }
      throw .otherLabels(file: file, dataset: part.dataset, renamed: names)
    case .unknown(let what): return ["\(part.name): \(what)"]
    }
  }

  /// - Parameter unknown: of all parts, by `check`.
  static func remark(_ dataset: String, unknown: [String], in folder: URL) -> String? {
    guard !unknown.isEmpty, ownData(in: folder) == nil else { return nil }
    return "the data are not known to be \(dataset) (\(unknown.joined(separator: "; ")))"
  }

  /// What the folder's owner calls the data, one line of at most 100 characters; nil where they are to be the published ones.
  static func ownData(in folder: URL) -> String? {
    let text = (try? String(contentsOf: folder.appendingPathComponent(ownDataFile), encoding: .utf8)) ?? ""
    let line = text.split(whereSeparator: \.isNewline).first.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
    return line.isEmpty || line.count > 100 || PlainText.problem(in: line) != nil ? nil : line
  }
}
