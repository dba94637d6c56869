import ArgumentParser
import Checkpoints
import Figures
import Foundation

/// A sheet's file, whose name says what it is.
struct SheetFile {
  enum Format: String { case svg, pdf, png }

  /// 192 dots per inch.
  static let defaultScale = 2

  let path: String
  let format: Format

  /// - Throws: `ValidationError` for a name that does not end as a sheet's does.
  init(_ path: String, option: String = "--output") throws {
    guard let format = Format(rawValue: URL(fileURLWithPath: path).pathExtension.lowercased()) else {
      throw ValidationError("\(option): a sheet's name ends in .svg, .pdf or .png, got `\(path)`")
    }
    (self.path, self.format) = (path, format)
  }

  /// Looks whether it can be made and written, before any work.
  /// - Throws: `OutputPlaceError`, `SVGConversionError.noProgram`.
  func check(apartFrom inputs: [OutputPlace.Input?]) throws {
    try OutputPlace.check(URL(fileURLWithPath: path), as: .sheet, apartFrom: inputs)
    // A .png of a sheet is drawn here.
    if format == .pdf { try SVGConversion.check(.pdf) }
  }

  /// - Parameter scale: pixels of a picture for a user unit.
  func write(_ sheet: ImageSheet, scale: Int = defaultScale) throws {
    let data =
      switch format {
      case .svg: Data(try sheet.svg().utf8)
      case .pdf: try SVGConversion.convert(sheet.svg(.outlines), to: .pdf) + SVGConversion.mark("show")
      case .png: try sheet.png(scale: scale)
      }
    try Folder.make(URL(fileURLWithPath: path).deletingLastPathComponent())
    try AtomicFile.write(data, to: path)
  }
}
