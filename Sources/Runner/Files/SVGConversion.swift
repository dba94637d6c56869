import Foundation
import Text

/// PDF and PNG from SVG by librsvg's program `rsvg-convert`. Text comes to it as outlines: what it makes does not depend on the
/// typefaces of this machine.
enum SVGConversion {
  enum Format: String { case pdf, png }

  static let program = "rsvg-convert"

  /// What a PDF of ours ends with, by which a later program knows whose file it is. Readers of PDF look for its end in the last
  /// kilobyte (ISO 32000-1, annex H) and pass over comments.
  static func mark(_ what: String) -> Data { Data("% pags-bench \(what)\n".utf8) }

  /// - Throws: `SVGConversionError.noProgram`, so that work does not begin that could not be written.
  static func check(_ format: Format) throws(SVGConversionError) { _ = try locate(format) }

  private static func locate(_ format: Format) throws(SVGConversionError) -> URL {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let found = folders.map { URL(fileURLWithPath: String($0)).appendingPathComponent(program) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    guard let found else { throw .noProgram(format) }
    return found
  }

  /// - Parameter zoom: of a PNG: pixels for a user unit.
  /// - Throws: `SVGConversionError`.
  static func convert(_ svg: String, to format: Format, zoom: Int = 1) throws -> Data {
    let program = try locate(format)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pags-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (input, output) = (folder.appendingPathComponent("in.svg"), folder.appendingPathComponent("out"))
    try Data(svg.utf8).write(to: input)
    let process = Process()
    process.executableURL = program
    process.arguments = [
      "--unlimited", "--format", format.rawValue, "--zoom", "\(zoom)", "--output", output.path, input.path,
    ]
    // The time would be in a PDF otherwise, and no two of one figure the same.
    process.environment = ProcessInfo.processInfo.environment.merging(["SOURCE_DATE_EPOCH": "0"]) { $1 }
    let messages = folder.appendingPathComponent("messages")
    guard FileManager.default.createFile(atPath: messages.path, contents: nil) else {
      throw SVGConversionError.failed(format, message: "\(folder.path) takes no files")
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: messages)
    do { try process.run() } catch {
      throw SVGConversionError.failed(format, message: error.localizedDescription)
    }
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0, let data = try? Data(contentsOf: output),
      !data.isEmpty
    else {
      let said = (try? String(contentsOf: messages, encoding: .utf8)) ?? ""
      throw SVGConversionError.failed(format, message: String(said.prefix(300)))
    }
    return data
  }
}

enum SVGConversionError: Error, CustomStringConvertible {
  case noProgram(SVGConversion.Format)
  case failed(SVGConversion.Format, message: String)

  var description: String {
    switch self {
    case .noProgram(let format):
      "a .\(format.rawValue) is made by \(SVGConversion.program), which is not on the PATH; install it (Debian: librsvg2-bin, Homebrew: "
        + "librsvg), or name the file .svg"
    case .failed(let format, let message):
      "\(SVGConversion.program) made no .\(format.rawValue): "
        + (message.isEmpty ? "it says nothing" : message.trimmingCharacters(in: .whitespacesAndNewlines))
        + "; name the file .svg instead"
    }
  }
}
