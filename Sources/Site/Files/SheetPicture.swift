import BenchCore
import Figures
import Foundation
import Images

/// A sheet of gradients that lies beside a result: `<model-id>.sheet.svg` or `.sheet.png`, as `evaluate --sheet` writes it.
///
/// It goes into the page as data of an image: nothing in such an SVG is run or fetched, and there is no file of it that could be
/// opened by itself.
struct SheetPicture {
  /// `data:image/...`.
  let address: String

  /// Of the file.
  private static let largest = 8 << 20

  /// - Parameters:
  ///   - result: its path relative to the leaderboard's folder.
  ///   - names: of what may be sheets in that folder.
  /// - Returns: nil where there is none, or what is there is no sheet of ours.
  init?(beside result: String, in folder: URL, among names: Set<String>) {
    let base = Self.base(beside: result)
    for (suffix, kind) in [("svg", "svg+xml"), ("png", "png")] where names.contains("\(base).\(suffix)") {
      guard let data = Self.file("\(folder.path)/\(base).\(suffix)"), Self.isSheet(data, isPNG: suffix == "png")
      else { continue }
      address = "data:image/\(kind);base64,\(data.base64EncodedString())"
      return
    }
    return nil
  }

  /// What may be sheets beside some results, by their paths relative to the leaderboard's folder: one look at each folder, and not two
  /// for each result.
  static func names(beside results: some Sequence<String>, in folder: URL) -> Set<String> {
    let folders = Set(results.map { $0[..<($0.lastIndex(of: "/") ?? $0.startIndex)] })
    return folders.reduce(into: []) { names, results in
      let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/\(results)")) ?? []
      names.formUnion(files.filter { $0.contains(".sheet.") }.map { "\(results)/\($0)" })
    }
  }

  /// Without `.svg` or `.png`.
  static func base(beside result: String) -> String { "\(result.dropLast(5)).sheet" }

  /// A regular file of a bearable size, and no link to one elsewhere.
  private static func file(_ path: String) -> Data? {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, (1...largest).contains(Int(status.st_size))
    else {
      return nil
    }
    return try? Data(contentsOf: URL(fileURLWithPath: path))
  }

  /// By the mark that every sheet has.
  private static func isSheet(_ data: Data, isPNG: Bool) -> Bool {
    let beginning = data.prefix(2000)
    if isPNG { return PNG.software(in: Data(beginning)) == ImageSheet.mark }
    let head = String(decoding: beginning, as: UTF8.self)
    return head.contains("<svg ") && head.contains("<title>\(ImageSheet.mark)")
  }
}
