/// Every opcode of pickle protocols 0 to 5 (CPython's `pickletools.py`).
enum PickleOpcode: UInt8, Sendable {
  case mark = 0x28  // (
  case stop = 0x2e  // .
  case pop = 0x30  // 0
  case popMark = 0x31  // 1
  case dup = 0x32  // 2
  case float = 0x46  // F
  case int = 0x49  // I
  case binInt = 0x4a  // J
  case binInt1 = 0x4b  // K
  case long = 0x4c  // L
  case binInt2 = 0x4d  // M
  case none = 0x4e  // N
  case persid = 0x50  // P
  case binPersid = 0x51  // Q
  case reduce = 0x52  // R
  case string = 0x53  // S
  case binString = 0x54  // T
  case shortBinString = 0x55  // U
  case unicode = 0x56  // V
  case binUnicode = 0x58  // X
  case append = 0x61  // a
  case build = 0x62  // b
  case global = 0x63  // c
  case dict = 0x64  // d
  case emptyDict = 0x7d  // }
  case appends = 0x65  // e
  case get = 0x67  // g
  case binGet = 0x68  // h
  case inst = 0x69  // i
  case longBinGet = 0x6a  // j
  case list = 0x6c  // l
  case emptyList = 0x5d  // ]
  case obj = 0x6f  // o
  case put = 0x70  // p
  case binPut = 0x71  // q
  case longBinPut = 0x72  // r
  case setItem = 0x73  // s
  case tuple = 0x74  // t
  case emptyTuple = 0x29  // )
  case setItems = 0x75  // u
  case binFloat = 0x47  // G
  // Protocol 2
  case proto = 0x80
  case newObj = 0x81
  case ext1 = 0x82
  case ext2 = 0x83
  case ext4 = 0x84
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case newTrue = 0x88
  case newFalse = 0x89
  case long1 = 0x8a
  case long4 = 0x8b
  // Protocol 3
  case binBytes = 0x42  // B
  case shortBinBytes = 0x43  // C
  // Protocol 4
  case shortBinUnicode = 0x8c
  case binUnicode8 = 0x8d
  case binBytes8 = 0x8e
  case emptySet = 0x8f
  case addItems = 0x90
  case frozenSet = 0x91
  case newObjEx = 0x92
  case stackGlobal = 0x93
  case memoize = 0x94
  case frame = 0x95
  // Protocol 5
  case byteArray8 = 0x96
  case nextBuffer = 0x97
  case readOnlyBuffer = 0x98

  /// The name in CPython's table, e.g. `BINGET`, `NEWOBJ_EX`.
  var name: String {
    switch self {
    case .popMark: return "POP_MARK"
    case .longBinGet: return "LONG_BINGET"
    case .longBinPut: return "LONG_BINPUT"
    case .shortBinString: return "SHORT_BINSTRING"
    case .shortBinBytes: return "SHORT_BINBYTES"
    case .shortBinUnicode: return "SHORT_BINUNICODE"
    case .emptyDict: return "EMPTY_DICT"
    case .emptyList: return "EMPTY_LIST"
    case .emptyTuple: return "EMPTY_TUPLE"
    case .emptySet: return "EMPTY_SET"
    case .newObjEx: return "NEWOBJ_EX"
    case .stackGlobal: return "STACK_GLOBAL"
    case .nextBuffer: return "NEXT_BUFFER"
    case .readOnlyBuffer: return "READONLY_BUFFER"
    default: return "\(self)".uppercased()
    }
  }
}
