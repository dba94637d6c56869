import ArgumentParser
import Checkpoints
import Figures
import Foundation

/// A sheet's file, whose name says what it is.
struct SheetFile {
  enum Format: String { case svg, png }

  /// 192 dots per inch.
  static let defaultScale = 2

  let path: String
  let format: Format

  /// - Throws: `ValidationError` for a name that does not end as a sheet's does.
  init(_ path: String, option: String = "--output") throws {
    guard let format = Format(rawValue: URL(fileURLWithPath: path).pathExtension.lowercased()) else {
      throw ValidationError("\(option): a sheet's name ends in .svg or .png, got `\(path)`")
    }
    (self.path, self.format) = (path, format)
  }

  /// Looks whether it can be written, before any work.
  /// - Throws: `OutputPlaceError`.
  func check(apartFrom inputs: [OutputPlace.Input?]) throws {
    try OutputPlace.check(URL(fileURLWithPath: path), as: .sheet, apartFrom: inputs)
  }

  /// - Parameter scale: pixels of a picture for a user unit.
  func write(_ sheet: ImageSheet, scale: Int = defaultScale) throws {
    let data =
      switch format {
      case .svg: Data(try sheet.svg().utf8)
      case .png: try sheet.png(scale: scale)
      }
    try Folder.make(URL(fileURLWithPath: path).deletingLastPathComponent())
    try AtomicFile.write(data, to: path)
  }
}
