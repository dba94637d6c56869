import ArgumentParser
import Checkpoints
import Figures
import Foundation
import Images

/// A figure's file, whose name says what it is.
struct FigureFile {
  enum Format: String, CaseIterable { case svg, pdf, png }

  /// What a .pdf and a .png say made them.
  static let mark = "pags-bench figure"
  /// 192 dots per inch.
  private static let zoom = 2

  let path: String
  let format: Format

  /// - Throws: `ValidationError` for a name that does not end as a figure's does.
  init(_ path: String, option: String) throws {
    guard let format = Format(rawValue: URL(fileURLWithPath: path).pathExtension.lowercased()) else {
      throw ValidationError("\(option): a figure's name ends in .svg, .pdf or .png, got `\(path)`")
    }
    (self.path, self.format) = (path, format)
  }

  /// Looks whether it can be made and written, before any work.
  /// - Throws: `OutputPlaceError`, `SVGConversionError.noProgram`.
  func check(apartFrom inputs: [OutputPlace.Input?] = []) throws {
    try OutputPlace.check(URL(fileURLWithPath: path), as: .figure, apartFrom: inputs)
    if let conversion = SVGConversion.Format(rawValue: format.rawValue) { try SVGConversion.check(conversion) }
  }

  func write(_ figure: Figure) throws {
    let data =
      switch format {
      case .svg: Data(figure.svg().utf8)
      case .pdf: try SVGConversion.convert(figure.svg(.outlines), to: .pdf) + SVGConversion.mark("figure")
      case .png: try picture(of: figure)
      }
    try Folder.make(URL(fileURLWithPath: path).deletingLastPathComponent())
    try AtomicFile.write(data, to: path)
  }

  /// Written once more, so that it says what made it.
  private func picture(of figure: Figure) throws -> Data {
    let file = try SVGConversion.convert(figure.svg(.outlines), to: .png, zoom: Self.zoom)
    return try PNG.encode(
      PNG.decode(file, source: SVGConversion.program, maximumPixels: 1 << 26), software: Self.mark)
  }
}
