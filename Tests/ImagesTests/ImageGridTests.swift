import Images
import Testing

@Suite struct ImageGridTests {
  @Test func greyImagesLieInRowsWithGaps() throws {
    let grid = ImageGrid(columns: 2, gap: 1, background: 9)
    let sheet = try grid.draw([[0, 1], [1, 0], [0.5, 0.25]], channels: 1, height: 1, width: 2)
    #expect(sheet.width == 7 && sheet.height == 5 && sheet.channels == 1)
    #expect(
      sheet.pixels == [
        9, 9, 9, 9, 9, 9, 9,
        9, 0, 255, 9, 255, 0, 9,
        9, 9, 9, 9, 9, 9, 9,
        9, 128, 64, 9, 9, 9, 9,
        9, 9, 9, 9, 9, 9, 9,
      ])
  }

  @Test func planarColoursAreInterleavedAndMagnified() throws {
    let grid = ImageGrid(columns: 8, magnification: 2, gap: 0)
    // One row of two pixels: red (1, 0), green (0, 1), blue (0, 0).
    let sheet = try grid.draw([[1, 0, 0, 1, 0, 0]], channels: 3, height: 1, width: 2)
    #expect(sheet.width == 4 && sheet.height == 2 && sheet.channels == 3)
    let row: [UInt8] = [255, 0, 0, 255, 0, 0, 0, 255, 0, 0, 255, 0]
    #expect(sheet.pixels == row + row)
  }

  @Test func valuesOutsideAreClamped() throws {
    let values: [Float] = [-3, 2, .nan, .infinity, -.infinity, 0.999]
    let sheet = try ImageGrid(columns: 1, gap: 0).draw([values], channels: 1, height: 2, width: 3)
    #expect(sheet.pixels == [0, 255, 0, 255, 0, 255])
  }

  @Test func wrongInputIsRefused() {
    let grid = ImageGrid(columns: 2)
    #expect(throws: ImageError.emptyGrid) { try grid.draw([], channels: 1, height: 1, width: 1) }
    #expect(throws: ImageError.gridImageSize(index: 1, expected: 4, got: 3)) {
      try grid.draw([[0, 0, 0, 0], [0, 0, 0]], channels: 1, height: 2, width: 2)
    }
    #expect(throws: ImageError.self) {
      try ImageGrid(columns: 2, magnification: .max).draw([[0, 0]], channels: 1, height: 1, width: 2)
    }
  }
}
