import BenchCore
import Checkpoints
import Figures
import Foundation
import Images
import JSON
import Plugins
import Sweeps

/// What a command writes into a file, and so the only content that it replaces.
enum OutputContent {
  /// `evaluate --output`.
  case result
  /// Beside a result.
  case samples
  /// `evaluate --protocol paper`, beside a result.
  case paperFigures
  /// `tasks describe`.
  case taskDocument
  /// `tasks calibrate --output`.
  case criteria
  /// `run --outputs`.
  case tensors
  /// `run --metric --outputs`.
  case metricValues
  /// `attack --adversarial`.
  case attackedImages
  /// `tasks show --samples`: a picture of that many pixels in width.
  case sampleSheet(width: Int)
  /// `sweep --figure` and `distractor --output`.
  case figure
  /// `show` and `evaluate --sheet`.
  case sheet

  /// Of an earlier output.
  var words: String {
    switch self {
    case .result: "a result of `evaluate`"
    case .samples: "the samples of a result of `evaluate`"
    case .paperFigures: "numbers of `evaluate --protocol paper`"
    case .taskDocument: "a description of `tasks describe`"
    case .criteria: "thresholds of `tasks calibrate`"
    case .tensors: "an output of `run`"
    case .metricValues: "an output of `run --metric`"
    case .attackedImages: "images of `attack`"
    case .sampleSheet(let width): "a picture of this task's samples (a PNG file \(width) pixels wide)"
    case .figure: "a figure of `sweep` or `distractor`"
    case .sheet: "a sheet of `show`"
    }
  }

  /// No file of ours is as large.
  private static let largestText = 1 << 24

  /// - Returns: nil where the file holds something else; otherwise what it is of, empty where that need not be said.
  func recognise(_ url: URL) -> String? {
    switch self {
    case .result: Self.result(url)
    case .samples: Self.tensors(url, with: ["model", "task"]).map { _ in "" }
    case .paperFigures: Self.isPaperFigures(url) ? "" : nil
    case .taskDocument:
      Self.text(url).flatMap { try? TaskDocument.read($0, file: url.path, beside: PagsBench.plugins.tasks) }.map {
        "task \($0.id), version \($0.version)"
      }
    case .criteria: Self.isCriteria(url) ? "" : nil
    case .tensors:
      (Self.tensors(url, with: ["model", "gradient"], holding: "logits")
        ?? Self.tensors(url, with: ["score", "noise"], holding: "score")).map { _ in "" }
    case .metricValues: Self.tensors(url, with: ["metric", "files"], holding: "metric").map { _ in "" }
    case .attackedImages: Self.tensors(url, with: ["model", "attack"], holding: "images").map { _ in "" }
    case .sampleSheet(let width): Self.pictureWidth(url) == width ? "" : nil
    case .figure: Self.isFigure(url) ? "" : nil
    case .sheet: Self.isSheet(url) ? "" : nil
    }
  }

  /// Told by its keys and not by the whole schema, so that a result of an older version is recognised too.
  private static func result(_ url: URL) -> String? {
    guard let data = text(url), let document = try? JSONDecoding.parse(data, source: url.path),
      document["schemaVersion"]?.intValue != nil, document["measurements"]?.objectValue != nil,
      document["regime"]?.objectValue != nil, let model = document["model"]?["id"]?.stringValue,
      let settings = document["protocol"], let task = document["task"]?["id"]?.stringValue
    else { return nil }
    return words(
      model: String(model.prefix(100)), task: String(task.prefix(100)), images: settings["images"]?.intValue,
      seed: settings["seed"]?.intValue.map { "\($0)" }, sha256: document["model"]?["checkpoint"]?["sha256"]?.stringValue
    )
  }

  /// What a result is of, as notes and comparisons have it.
  static func words(model: String, task: String, images: Int?, seed: String?, sha256: String?) -> String {
    "`\(model)`\(sha256.map { " (checkpoint \($0.prefix(12)))" } ?? "") on \(task), "
      + "\(images.map { "\($0) images" } ?? "images"), seed \(seed ?? "unknown")"
  }

  private static func tensors(_ url: URL, with keys: [String], holding tensor: String? = nil) -> Safetensors? {
    guard let file = try? CheckpointFile.openWithoutDigest(url.path), let content = try? SafetensorsReader.read(file),
      keys.allSatisfy({ content.metadata[$0] != nil }), tensor.map({ content[$0] != nil }) ?? true
    else { return nil }
    return content
  }

  private static func isPaperFigures(_ url: URL) -> Bool {
    guard let data = text(url), let document = try? JSONDecoding.parse(data, source: url.path) else { return false }
    return document["figure3"]?.arrayValue != nil && document["figure17"]?.arrayValue != nil
  }

  private static func isCriteria(_ url: URL) -> Bool {
    guard let data = text(url), let document = try? JSONDecoding.parse(data, source: url.path) else { return false }
    return document["procedure"]?.intValue != nil && document["criteria"]?.objectValue != nil
  }

  /// By what the titles of all figures end with, or what the file says made it.
  private static func isFigure(_ url: URL) -> Bool {
    guard let beginning = beginning(url) else { return false }
    if PNG.software(in: beginning) == FigureFile.mark || isPDF(url, of: "figure") { return true }
    let head = String(decoding: beginning, as: UTF8.self)
    return head.contains("<svg ") && [Figure3Drawing.subject, Figure5.subject].contains(where: head.contains)
  }

  /// By the title of the document, or what the file says made it.
  private static func isSheet(_ url: URL) -> Bool {
    guard let beginning = beginning(url) else { return false }
    if PNG.software(in: beginning) == ImageSheet.mark || isPDF(url, of: "show") { return true }
    let head = String(decoding: beginning, as: UTF8.self)
    return head.contains("<svg ") && head.contains("<title>\(ImageSheet.mark)")
  }

  /// By the comment that it ends with.
  private static func isPDF(_ url: URL, of what: String) -> Bool {
    let mark = SVGConversion.mark(what)
    guard let handle = try? FileHandle(forReadingFrom: url), let bytes = FileIdentity(url.path)?.bytes,
      bytes > mark.count, let head = try? handle.read(upToCount: 5), head == Data("%PDF-".utf8),
      (try? handle.seek(toOffset: UInt64(bytes - mark.count))) != nil
    else { return false }
    return (try? handle.readToEnd()) == mark
  }

  private static func beginning(_ url: URL) -> Data? {
    guard let handle = try? FileHandle(forReadingFrom: url) else { return nil }
    return try? handle.read(upToCount: 2000)
  }

  private static func text(_ url: URL) -> Data? {
    guard let bytes = FileIdentity(url.path)?.bytes, bytes <= largestText else { return nil }
    return try? Data(contentsOf: url)
  }

  /// From the header that every PNG file begins with.
  private static func pictureWidth(_ url: URL) -> Int? {
    guard let handle = try? FileHandle(forReadingFrom: url), let head = try? handle.read(upToCount: 24),
      head.count == 24, head.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    else { return nil }
    return head.dropFirst(16).prefix(4).reduce(0) { $0 << 8 | Int($1) }
  }
}
