import Testing

@testable import Figures

@Suite struct ScaleTests {
  private func labels(_ scale: Scale, count: Int = 5, asPowers: Bool = false) -> [String] {
    scale.ticks(count: count, asPowers: asPowers).compactMap(\.label).map { label in
      label.parts.map { part in
        switch part {
        case .plain(let text), .italic(let text): text
        case .superscript(let text): "^\(text)"
        }
      }.joined()
    }
  }

  @Test func linearTicks() {
    #expect(labels(.linear(0...1)) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(labels(.linear(0...0.08)) == ["0.00", "0.02", "0.04", "0.06", "0.08"])
    #expect(labels(.covering([0.03, 0.71], including: [0])) == ["0.0", "0.2", "0.4", "0.6", "0.8"])
    #expect(labels(.linear(-0.2...1), count: 6) == ["-0.2", "0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
  }

  @Test func logarithmicTicks() {
    #expect(labels(.logarithmic(0.001...100, hasZero: true)) == ["0", "10^−3", "10^−1", "10^1"])
    #expect(labels(.logarithmic(0.05...20, hasZero: false)) == ["0.1", "1", "10"])
    // Less than two powers: 2 and 5 are labelled too.
    #expect(labels(.logarithmic(0.15...0.9, hasZero: false)) == ["0.2", "0.5"])
    #expect(labels(.logarithmic(150...900, hasZero: false)) == ["200", "500"])
    // No axis is without a number.
    #expect(labels(.logarithmic(2.3...4.2, hasZero: true)) == ["0", "3", "4"])
    #expect(labels(.logarithmic(1.2...1.9, hasZero: false)) == ["1.51"])
    let range = Scale.logarithmic(0.1...10, hasZero: false)
    #expect(labels(range) == ["0.1", "1", "10"])
    #expect(labels(range, asPowers: true) == ["10^\u{2212}1", "10^0", "10^1"])
  }

  @Test func zeroHasItsPlaceLeftOfTheBreak() throws {
    let scale = Scale.logarithmic(0.01...100, hasZero: true)
    #expect(scale.position(0) == Scale.zeroPosition)
    #expect(scale.position(0.01) == Scale.zeroShare)
    #expect(try #require(scale.position(1)) > Scale.breakPosition)
    #expect(abs(try #require(scale.position(100)) - 1) < 1e-12)
    #expect(scale.position(-1) == nil && scale.position(.nan) == nil)
    #expect(Scale.logarithmic(0.01...100, hasZero: false).position(0) == nil)
  }

  @Test func numbersHaveOneSpelling() {
    #expect([0, -0.001, 1.005, 12.5, -3.1, 0.07].map(SVGNumber.text) == ["0", "0", "1", "12.5", "-3.1", "0.07"])
  }

  @Test func widthsAreThoseOfTheFace() {
    #expect(Typeface.width("Hamburg", size: 1000) == 722 + 556 + 833 + 556 + 556 + 333 + 556)
  }

  @Test func coloursDifferInLightness() {
    func lightness(_ colour: Colour) -> Double {
      0.2126 * Double(colour.red) + 0.7152 * Double(colour.green) + 0.0722 * Double(colour.blue)
    }
    #expect(lightness(.ink) < lightness(.blue) && lightness(.blue) < lightness(.vermilion))
    #expect(Colour.vermilion.hex == "#d55e00" && Colour.green.hex == "#009e73")
  }
}
