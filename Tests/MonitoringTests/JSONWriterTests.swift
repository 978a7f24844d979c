import Foundation
import Monitoring
import Testing
import TradingModel

@Suite struct JSONWriterTests {
    @Test func textIsReadBackAsItWasWritten() throws {
        var json = JSONWriter()
        let texts = [
            "", "plain", "a\"b\\c", "line\nend\r\t\u{0}\u{1f}\u{7f}", "<script>", "Grüße 😀", "\u{2028}",
        ]
        json.object { json in
            json.arrayMember("texts") { json in
                for text in texts { json.value(text) }
            }
            json.member("none", nil as Int?)
            json.member("integer", Int64.min)
            json.member("infinite", Double.infinity)
            json.member("number", 0.1)
            json.member("money", Money(e8: -1))
            json.objectMember("empty") { _ in }
            json.arrayMember("nothing") { _ in }
            json.member("last", true)
        }
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.bytes)) as? [String: Any], "\(json.text)")
        #expect(object["texts"] as? [String] == texts)
        #expect(object["none"] is NSNull && object["infinite"] is NSNull)
        #expect(object["integer"] as? Int64 == .min && object["number"] as? Double == 0.1)
        #expect(object["money"] as? String == "-0.00000001" && object["last"] as? Bool == true)
        #expect(!json.text.contains("<"))
    }
}
