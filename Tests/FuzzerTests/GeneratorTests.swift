import Testing

@testable import Fuzzer

/// An input must be what its kind, seed and index say, or nobody can look at what was found.
struct GeneratorTests {
  private func files(_ kind: any InputKind.Type, seed: UInt64 = 1, _ index: Int) -> [InputFile] {
    var dice = Dice(seed: seed, kind: kind.id, index: index)
    return kind.files(&dice)
  }

  @Test(arguments: InputKinds.all.map { $0.id })
  func inputsDependOnSeedAndIndexAlone(id: String) throws {
    let kind = try #require(InputKinds.named(id))
    let first = (0..<20).map { files(kind, $0) }
    #expect(first == (0..<20).reversed().map { files(kind, $0) }.reversed())
    #expect(first != (0..<20).map { files(kind, seed: 2, $0) })
    #expect(Set(first.map { $0.map(\.data) }).count > 10, "most are alike")
  }

  @Test func choicesOfTwoIndicesDoNotMeet() {
    func numbers(_ index: Int) -> [Double] {
      var dice = Dice(seed: 0, kind: "x", index: index)
      return (0..<1000).map { _ in dice.unit() }
    }
    #expect(Set(numbers(0)).isDisjoint(with: numbers(1)))
  }

  @Test func integersReachBothEnds() {
    var dice = Dice(seed: 0, kind: "x", index: 0)
    #expect(Set((0..<200).map { _ in dice.integer(-1...2) }) == [-1, 0, 1, 2])
  }
}
