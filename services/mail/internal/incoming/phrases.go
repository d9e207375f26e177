package incoming

// This file lists the words by which clients of many languages begin quoted history, forwarded mail and signatures. All
// are in lower case.

// attributionStarts begin the line above quoted history. A line that begins with a digit may be one too.
var attributionStarts = []string{
	"on ", "am ", "le ", "el ", "il ", "em ", "a ", "op ", "den ", "på ", "w dniu ", "dnia ", "dne ", "в ", "от ",
	"pe ", "la ", "στις ", "vào ", "pada ", "i ", "dana ", "ב", "في ", "le\u00a0", "on\u00a0",
	"mon, ", "tue, ", "wed, ", "thu, ", "fri, ", "sat, ", "sun, ", "пн, ", "вт, ", "ср, ", "чт, ", "пт, ", "сб, ", "вс, ",
}

// attributionVerbs are in the line above quoted history.
var attributionVerbs = []string{
	" wrote", " writes", " schrieb", " hat geschrieben", " a écrit", " escribió", " ha scritto", " escreveu", " schreef",
	" geschreven", " skrev", " kirjoitti", " napisał", " pisze", " napsal", " пишет", " написал", " пише", " yazdı",
	" írta", " έγραψε", " a scris", " đã viết", " menulis", " je napisa", "写道", "寫道", "のメール", "書きました", "작성",
	"כתב", "كتب",
}

// separators are the texts of lines of hyphens or underscores above quoted history.
var separators = map[string]bool{
	"original message": true, "ursprüngliche nachricht": true, "originalnachricht": true, "message d'origine": true,
	"message d’origine": true, "message original": true, "mensaje original": true, "messaggio originale": true,
	"mensagem original": true, "oorspronkelijk bericht": true, "oprindelig meddelelse": true,
	"ursprungligt meddelande": true, "originalmeddelande": true, "opprinnelig melding": true,
	"alkuperäinen viesti": true, "wiadomość oryginalna": true, "oryginalna wiadomość": true, "původní zpráva": true,
	"исходное сообщение": true, "orijinal mesaj": true, "eredeti üzenet": true,
	"αρχικό μήνυμα": true, "原始邮件": true, "原始郵件": true, "元のメッセージ": true, "original-nachricht": true,
	"원본 메시지": true, "الرسالة الأصلية": true, "הודעה מקורית": true, "reply message": true, "reply above this line": true,
}

// forwardSeparators are the texts of lines above a forwarded mail.
var forwardSeparators = map[string]bool{
	"forwarded message": true, "begin forwarded message": true, "forwarded by": true,
	"weitergeleitete nachricht": true, "weitergeleitete mail": true, "anfang der weitergeleiteten nachricht": true,
	"anfang der weitergeleiteten e-mail": true, "message transféré": true, "début du message transféré": true,
	"début du message réexpédié": true, "mensaje reenviado": true, "inicio del mensaje reenviado": true,
	"messaggio inoltrato": true, "inizio messaggio inoltrato": true, "mensagem encaminhada": true,
	"mensagem reencaminhada": true, "início da mensagem encaminhada": true, "doorgestuurd bericht": true,
	"begin doorgestuurd bericht": true, "videresendt meddelelse": true, "videresendt besked": true,
	"vidarebefordrat meddelande": true, "vidarebefordrat brev": true, "videresendt melding": true,
	"start på videresendt melding": true, "välitetty viesti": true, "edelleenlähetetty viesti": true,
	"przekazana wiadomość": true, "wiadomość przekazana": true, "treść przekazanej wiadomości": true,
	"přeposlaná zpráva": true, "пересылаемое сообщение": true, "пересланное сообщение": true,
	"iletilen ileti": true, "iletilen mesaj": true, "továbbított üzenet": true, "προωθημένο μήνυμα": true,
	"転送されたメッセージ": true, "转发的邮件": true, "轉寄郵件": true, "转发邮件信息": true, "전달된 메시지": true,
	"رسالة معاد توجيهها": true, "הודעה שהועברה": true,
}

// forwardPrefixes begin the subjects of forwarded mail.
var forwardPrefixes = []string{
	"fwd:", "fw:", "wg:", "tr:", "rv:", "enc:", "i:", "doorst:", "vs:", "vb:", "pd:", "fs:", "továbbítás:", "ilt:",
	"перенапр:", "转发:", "转发：", "轉寄:", "転送:", "전달:", "הועבר:",
}

// role is the meaning of a line in the head of a quoted mail.
type role int

const (
	noRole role = iota
	fromRole
	dateRole
	toRole
	subjectRole
	ccRole
)

// headWords are the names of the lines in the head of a quoted mail.
var headWords = map[string]role{
	"from": fromRole, "von": fromRole, "de": fromRole, "da": fromRole, "van": fromRole, "fra": fromRole,
	"från": fromRole, "lähettäjä": fromRole, "od": fromRole, "от": fromRole, "від": fromRole, "kimden": fromRole,
	"gönderen": fromRole, "feladó": fromRole, "από": fromRole, "expéditeur": fromRole, "发件人": fromRole,
	"寄件者": fromRole, "寄件人": fromRole, "差出人": fromRole, "보낸 사람": fromRole, "보낸사람": fromRole, "من": fromRole,
	"מאת": fromRole,

	"sent": dateRole, "date": dateRole, "gesendet": dateRole, "datum": dateRole, "envoyé": dateRole,
	"envoyé le": dateRole, "enviado": dateRole, "enviado el": dateRole, "enviada em": dateRole, "enviado em": dateRole,
	"fecha": dateRole, "data": dateRole, "inviato": dateRole, "verzonden": dateRole, "sendt": dateRole, "dato": dateRole,
	"skickat": dateRole, "lähetetty": dateRole, "päiväys": dateRole, "wysłano": dateRole, "odesláno": dateRole,
	"отправлено": dateRole, "дата": dateRole, "надіслано": dateRole, "gönderilme": dateRole, "tarih": dateRole,
	"elküldve": dateRole, "dátum": dateRole, "ημερομηνία": dateRole, "στάλθηκε": dateRole, "发送时间": dateRole,
	"日期": dateRole, "寄件日期": dateRole, "送信日時": dateRole, "日付": dateRole, "日時": dateRole, "보낸 날짜": dateRole,
	"날짜": dateRole, "تاريخ": dateRole, "التاريخ": dateRole, "נשלח": dateRole, "תאריך": dateRole,

	"to": toRole, "an": toRole, "à": toRole, "a": toRole, "para": toRole, "aan": toRole, "til": toRole, "till": toRole,
	"vastaanottaja": toRole, "do": toRole, "komu": toRole, "кому": toRole, "kime": toRole, "címzett": toRole,
	"προς": toRole, "destinataire": toRole, "收件人": toRole, "收件者": toRole, "宛先": toRole, "받는 사람": toRole,
	"받는사람": toRole, "إلى": toRole, "אל": toRole,

	"subject": subjectRole, "betreff": subjectRole, "objet": subjectRole, "asunto": subjectRole, "oggetto": subjectRole,
	"assunto": subjectRole, "onderwerp": subjectRole, "emne": subjectRole, "ämne": subjectRole, "aihe": subjectRole,
	"temat": subjectRole, "předmět": subjectRole, "тема": subjectRole, "konu": subjectRole, "tárgy": subjectRole,
	"θέμα": subjectRole, "主题": subjectRole, "主旨": subjectRole, "件名": subjectRole, "제목": subjectRole,
	"الموضوع": subjectRole, "נושא": subjectRole,

	"cc": ccRole, "kopie": ccRole, "copia": ccRole, "kopi": ccRole, "kopia": ccRole, "reply-to": ccRole,
	"antwort an": ccRole, "копия": ccRole, "抄送": ccRole,
}

// deviceLines begin the signatures that phones and webmail services add.
var deviceLines = []string{
	"sent from my ", "sent from outlook", "sent from mail for", "sent from yahoo", "sent from proton",
	"sent from a mobile",
	"sent via ", "sent with proton", "get outlook for ", "von meinem ", "gesendet mit der ", "gesendet von ",
	"gesendet über ", "diese nachricht wurde von meinem ", "holen sie sich outlook für ", "outlook für ",
	"envoyé de mon ", "envoyé depuis ", "envoyé à partir ", "télécharger outlook pour ", "obtenez outlook pour ",
	"enviado desde ", "enviado do meu ", "enviado a partir ", "obtener outlook para ", "obter o outlook para ",
	"inviato da ", "inviato dal ", "scarica outlook per ", "ottieni outlook per ", "verstuurd vanaf ", "verzonden vanaf ",
	"download outlook voor ", "sendt fra min ", "skickat från min ", "hent outlook til ", "hämta outlook för ",
	"lähetetty ", "wysłane z ", "wysłano z ", "pobierz program outlook", "odesláno z ", "отправлено с ", "отправлено из ",
	"iphone'umdan ", "iphone'dan ", "iphone'ımdan ", "elküldve: ", "iphoneから送信", "iphoneから送信", "发自我的", "從我的",
	"나의 iphone에서", "أرسلت من ", "נשלח מה-",
}

// footers begin the footers of mailing lists below a line of underscores or hyphens.
var footers = []string{
	"mailing list", "mailing-list", "mailingliste", "liste de diffusion", "you received this message because",
	"to unsubscribe", "sie erhalten diese nachricht", "vous recevez ce message", "unsubscribe",
}
