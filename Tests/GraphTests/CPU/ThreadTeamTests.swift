import Testing

@testable import CPU

/// Blocks of an operator, spread over threads.
@Suite struct ThreadTeamTests {
  @Test(arguments: [2, 3, 5])
  func everyBlockRunsOnce(_ threads: Int) {
    let team = ThreadTeam(threads: threads)
    for round in 0..<2000 {
      let (count, size) = (round % 97, 1 + round % 7)
      let blocks = (count + size - 1) / size
      let hits = UnsafeMutablePointer<Int>.allocate(capacity: count + 1)
      hits.initialize(repeating: 0, count: count + 1)
      defer { hits.deallocate() }
      team.run(blocks: blocks, blockSize: size, count: count) { range, thread in
        precondition((0..<threads).contains(thread))
        for index in range { hits[index] += 1 }
      }
      #expect((0..<count).allSatisfy { hits[$0] == 1 }, "round \(round)")
    }
  }
}
